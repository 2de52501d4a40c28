import { Validator } from "@seriousme/openapi-schema-validator";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { mergeOpenApi, readOpenApi } from "@kratos-ts/runtime/openapi";

const root = join(import.meta.dirname, "../../..");
const documents = ["fixtures/golden", "layout-template/api", "examples/order-service/api"]
  .flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: "utf8" }).map((name) =>
      join(folder, name),
    ),
  )
  .filter((file) => file.endsWith("_openapi.yaml"))
  .sort();

describe("a document, by the schema of OpenAPI 3.1", () => {
  test.for(documents)("is valid: %s", async (file) => {
    const document = parse(readFileSync(join(root, file), "utf8")) as Record<string, unknown>;

    expect(await new Validator().validate({ ...document })).toEqual({ valid: true });
    expect(findDanglingReferences(document)).toEqual([]);
  });

  test("is valid when it is made of several", async () => {
    const paths = ["order-service", "openapi", "http-streams"].map((name) =>
      join(root, "fixtures/golden", name, "want"),
    );
    const merged = mergeOpenApi(readOpenApi(paths));

    expect(await new Validator().validate(structuredClone(merged))).toEqual({ valid: true });
    expect(findDanglingReferences(merged)).toEqual([]);
    expect(findRepeatedIds(merged)).toEqual([]);
  });
});

test("a document has each operation once", () => {
  for (const file of documents) {
    const document = parse(readFileSync(join(root, file), "utf8")) as Record<string, unknown>;
    expect([file, findRepeatedIds(document)]).toEqual([file, []]);
  }
});

function findDanglingReferences(document: object): string[] {
  const text = JSON.stringify(document);
  const references = [...text.matchAll(/"\$ref":"#\/components\/(\w+)\/([^"]+)"/g)];
  const { components } = document as { components: Record<string, Record<string, unknown>> };
  return references.flatMap(([, kind = "", name = ""]) =>
    components[kind]?.[name] === undefined ? [`${kind}/${name}`] : [],
  );
}

function findRepeatedIds(document: object): string[] {
  const ids = [...JSON.stringify(document).matchAll(/"operationId":"([^"]+)"/g)].map(
    ([, id]) => id!,
  );
  return ids.filter((id, index) => ids.indexOf(id) !== index);
}
