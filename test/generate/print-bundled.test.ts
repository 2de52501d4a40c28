import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { printBundled } from "../../src/generate/print-bundled.ts";
import { readProject } from "./project-files.ts";

const repository = join(import.meta.dirname, "../..");

test("the runtime holds the code of the bundled schemas, and exports each", async () => {
  const printed = await printBundled(join(repository, "third_party"));
  const manifest: unknown = JSON.parse(
    readFileSync(join(repository, "runtime/package.json"), "utf8"),
  );

  const committed = readProject(join(repository, "runtime/src/protos"));
  expect(Object.fromEntries(printed.map(({ name, content }) => [name, content]))).toEqual(
    committed,
  );
  const { exports: entries } = manifest as { exports: Record<string, unknown> };
  expect(Object.keys(entries).filter((entry) => entry.startsWith("./protos/"))).toEqual(
    printed.map(({ name }) => `./protos/${name}`),
  );
});

test("the runtime holds the code of the services that a gRPC server answers itself", async () => {
  const printed = await printBundled(join(repository, "runtime/protos"));

  const folder = join(repository, "runtime/src/transport/grpc/services/protos");
  expect(Object.fromEntries(printed.map(({ name, content }) => [name, content]))).toEqual(
    readProject(folder),
  );
});
