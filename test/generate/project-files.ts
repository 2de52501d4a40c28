import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { temporaryFolder } from "../temporary-folder.ts";

/** Makes a project of `files`, by their path, in a folder of the running test's own. */
export async function makeProject(files: Readonly<Record<string, string>>): Promise<string> {
  const root = await temporaryFolder();
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
  }
  return root;
}

/** All files of a project by their path. */
export function readProject(root: string): Record<string, string> {
  const paths = readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).replaceAll("\\", "/"))
    .sort();
  return Object.fromEntries(paths.map((path) => [path, readFileSync(join(root, path), "utf8")]));
}

/** A proto of package `pkg` with these statements. */
export function proto(pkg: string, ...statements: readonly string[]): string {
  return `syntax = "proto3";\n\npackage ${pkg};\n\n${statements.join("\n")}\n`;
}

/** A proto with one message and one route. */
export function greeter(path = "/v1/hello/{name}"): string {
  return proto(
    "greeter.v1",
    'import "google/api/annotations.proto";',
    "service Greeter {",
    "  rpc Hello(HelloRequest) returns (HelloRequest) {",
    `    option (google.api.http) = {get: "${path}"};`,
    "  }",
    "}",
    "message HelloRequest {",
    "  string name = 1;",
    "}",
  );
}
