import { readdirSync } from "node:fs";
import type { DescFile, DescMessage } from "@bufbuild/protobuf";
import { createRegistry } from "@bufbuild/protobuf";
import { file_google_protobuf_descriptor } from "@bufbuild/protobuf/wkt";
import fc from "fast-check";
import { expect, test } from "vitest";
import { checkAgreement, createCandidates } from "./agreement.ts";
import { anyMessage } from "./arbitrary.ts";
import { failureOf } from "./failure.ts";
import { keepByteOrderMarks } from "./reference.ts";

// every message that projects have without writing one; the whole of googleapis: see googleapis.ts

const FOLDER = new URL("../../src/protos/", import.meta.url);

keepByteOrderMarks();
const files = await importFiles();
const registry = createRegistry(file_google_protobuf_descriptor, ...files);
const types = [...registry].filter((type): type is DescMessage => type.kind === "message");
const candidates = createCandidates(registry);

test("there are messages of googleapis, of OpenAPI and of validation", () => {
  const packages = new Set(types.map(({ file }) => file.proto.package));
  expect([...packages]).toEqual(
    expect.arrayContaining(["google.api", "google.rpc", "openapi.v3", "buf.validate"]),
  );
});

test.for(types.map((type) => [type.typeName, type] as const))(
  "codecs agree with the reference on any %s",
  ([, type]) => {
    const any = anyMessage(type, type.fields.length > 12 ? 1 : 2, { longFloats: true });
    const holds = fc.property(any, (message) => checkAgreement(candidates, type, message));
    expect(failureOf(holds, { numRuns: 4 })).toBeUndefined();
  },
);

async function importFiles(): Promise<DescFile[]> {
  const names = readdirSync(FOLDER, { recursive: true, encoding: "utf8" });
  const modules = await Promise.all(
    names
      .filter((name) => name.endsWith("_pb.ts"))
      .map(
        (name) => import(new URL(name, FOLDER).href) as Promise<Readonly<Record<string, unknown>>>,
      ),
  );
  return modules.flatMap((module) => Object.values(module).filter(isFile));
}

function isFile(value: unknown): value is DescFile {
  return typeof value === "object" && value !== null && "kind" in value && value.kind === "file";
}
