import { execFileSync } from "node:child_process";
import { formatDiagnostic } from "../../src/diagnostic.ts";
import { generateFiles } from "../../src/generate/index.ts";
import { makeProject } from "../generate/project-files.ts";

/** Rules that the protos of these tests keep. */
export const bufYaml = `version: v2
modules:
  - path: api
lint:
  use: [BASIC]
breaking:
  use: [FILE]
`;

/** Runs git as somebody. */
export function git(cwd: string, ...args: readonly string[]): void {
  const who = ["-c", "user.name=Ann", "-c", "user.email=ann@example.com"];
  execFileSync("git", [...who, ...args], { cwd, stdio: ["ignore", "ignore", "pipe"] });
}

/** Makes a project with its generated code, all of it committed on the branch `main`. */
export async function makeGitProject(files: Readonly<Record<string, string>>): Promise<string> {
  const root = await makeProject({
    "package.json": "{}\n",
    ".gitignore": "node_modules\n",
    "buf.yaml": bufYaml,
    ...files,
  });
  const { diagnostics } = await generateFiles({ root, paths: [] });
  if (diagnostics.length > 0) throw new Error(diagnostics.map(formatDiagnostic).join("\n"));
  git(root, "init", "-q", "-b", "main");
  git(root, "add", "-A");
  git(root, "commit", "-q", "-m", "begin");
  return root;
}

/** A proto as `buf format` writes it: a service with one route, and its message. */
export function thing(name: string, field = "string name = 1;"): string {
  return `syntax = "proto3";

package ${name}.v1;

import "google/api/annotations.proto";

service ${name.toUpperCase()}Service {
  rpc Get(Thing) returns (Thing) {
    option (google.api.http) = {get: "/v1/${name}"};
  }
}

message Thing {
  ${field}
}
`;
}
