import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { makeProject, proto } from "../generate/project-files.ts";
import { runCli, startCli, type RunningCli } from "./cli-process.ts";
import { thing } from "./git-project.ts";

const a = "api/a/v1/a.proto";
const b = "api/b/v1/b.proto";

/** Of two protos the second imports the first; the third stands alone. */
async function startWatching(): Promise<{ root: string; cli: RunningCli }> {
  const root = await makeProject({
    "package.json": "{}",
    [a]: proto("a.v1", "message A {}"),
    [b]: proto("b.v1", 'import "a/v1/a.proto";', "message B { a.v1.A a = 1; }"),
    "api/c/v1/c.proto": proto("c.v1", "message C {}"),
  });
  const cli = startCli(["generate", "--watch"], { cwd: root });
  await cli.printed("3 files written, 0 unchanged\n");
  await cli.printed("waiting for changes\n");
  return { root, cli };
}

test("generates what has changed and what imports it, and nothing else", async () => {
  const { root, cli } = await startWatching();
  writeFileSync(join(root, a), proto("a.v1", "message A { string name = 1; }"));
  await cli.printed("wrote api/a/v1/a_pb.ts\n1 file written, 1 unchanged\n");
  expect(readFileSync(join(root, "api/a/v1/a_pb.ts"), "utf8")).toContain("name: string;");
});

test("sees a save by renaming, as editors do", async () => {
  const { root, cli } = await startWatching();
  writeFileSync(join(root, `${a}.swp`), proto("a.v1", "message A { string title = 1; }"));
  renameSync(join(root, `${a}.swp`), join(root, a));
  await cli.printed("wrote api/a/v1/a_pb.ts\n");
  expect(readFileSync(join(root, "api/a/v1/a_pb.ts"), "utf8")).toContain("title: string;");
});

test("follows protos that come and go, also in new folders", async () => {
  const { root, cli } = await startWatching();
  mkdirSync(join(root, "api/d/v1"), { recursive: true });
  writeFileSync(join(root, "api/d/v1/d.proto"), proto("d.v1", "message D {}"));
  await cli.printed("wrote api/d/v1/d_pb.ts\n");
  rmSync(join(root, "api/d/v1/d.proto"));
  await cli.printed("removed api/d/v1/d_pb.ts, its proto is gone\n");
  expect(existsSync(join(root, "api/d/v1/d_pb.ts"))).toBe(false);
});

test("shows errors, also those in what imports the changed proto, until they are gone", async () => {
  const { root, cli } = await startWatching();
  writeFileSync(join(root, a), proto("a.v1", "message Other {}"));
  await cli.printed('api/b/v1/b.proto:6:13: error: cannot find "a.v1.A" in this scope');
  await cli.printed("1 error, nothing was written");
  // What failed is tried again, whichever file mends it.
  writeFileSync(
    join(root, b),
    proto("b.v1", 'import "a/v1/a.proto";', "message B { a.v1.Other o = 1; }"),
  );
  await cli.printed("the errors are gone\nwrote api/a/v1/a_pb.ts\nwrote api/b/v1/b_pb.ts\n");
  expect(readFileSync(join(root, "api/b/v1/b_pb.ts"), "utf8")).toContain("o?: Other");
});

test("tells of routes that collide with those of protos that did not change", async () => {
  const root = await makeProject({
    "package.json": "{}",
    [a]: thing("a"),
    [b]: thing("b"),
  });
  const cli = startCli(["generate", "--watch"], { cwd: root });
  await cli.printed("waiting for changes\n");
  writeFileSync(join(root, b), thing("b").replace("/v1/b", "/v1/a"));
  await cli.printed('"GET /v1/a" of "b.v1.BService.Get" collides with "GET /v1/a"');
  expect(readFileSync(join(root, "api/b/v1/b_http.ts"), "utf8")).toContain("/v1/b");
});

test("begins anew when kratos.yaml changes, and goes on when that is wrong", async () => {
  const root = await makeProject({
    "package.json": "{}",
    "api/a/v1/a.proto": proto("a.v1", "service S { rpc Get(A) returns (A); }", "message A {}"),
  });
  const cli = startCli(["generate", "--watch"], { cwd: root });
  await cli.printed("waiting for changes\n");
  writeFileSync(join(root, "kratos.yaml"), "http:\n  unbound: true\n");
  await cli.printed("error[CONFIG_INVALID]");
  writeFileSync(join(root, "kratos.yaml"), "http:\n  unboundMethods: true\n");
  await cli.printed("wrote api/a/v1/a_http.ts\n");
  expect(existsSync(join(root, "api/a/v1/a_http.ts"))).toBe(true);
});

test("ends well when it is asked to", async () => {
  const { cli } = await startWatching();
  cli.process.kill("SIGINT");
  expect(await cli.result).toMatchObject({ code: 0 });
});

test("takes no paths", async () => {
  const root = await makeProject({ "package.json": "{}", [a]: proto("a.v1", "message A {}") });
  expect(await runCli(["generate", "--watch", a], { cwd: root })).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("error[USAGE]: --watch is for all protos of a project"),
  });
});
