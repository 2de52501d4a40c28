import {
  appendFileSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { CheckDocument } from "../../src/commands/report-check.ts";
import { generateFiles } from "../../src/generate/index.ts";
import { makeProject, proto, readProject } from "../generate/project-files.ts";
import { runCli } from "./cli-process.ts";
import { bufYaml, git, makeGitProject, thing } from "./git-project.ts";

const a = "api/a/v1/a.proto";

async function checkAsJson(
  cwd: string,
  ...args: readonly string[]
): Promise<{ code: number | null; document: CheckDocument; found: string[] }> {
  const { code, stdout, stderr } = await runCli(["check", "--json", ...args], { cwd });
  if (stdout === "") throw new Error(stderr);
  const document = JSON.parse(stdout) as CheckDocument;
  const found = document.problems.map(({ part, rule, file }) => `${part} ${rule} ${file}`);
  return { code, document, found };
}

describe("generated files", () => {
  test("are as they should be in a project that was just committed", async () => {
    const cwd = await makeGitProject({ [a]: thing("a") });
    const { code, stdout, stderr } = await runCli(["check"], { cwd });
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toMatch(/^all is well, nothing broken since main \([0-9a-f]{7}\)\n$/);
  });

  test("are told when missing, stale, edited, orphaned or not in git, and left as they are", async () => {
    const cwd = await makeGitProject({
      [a]: thing("a"),
      "api/b/v1/b.proto": thing("b"),
      "api/old/v1/old.proto": proto("old.v1", "message Old {}"),
    });
    rmSync(join(cwd, "api/a/v1/a_grpc.ts"));
    rmSync(join(cwd, "api/old/v1/old.proto"));
    appendFileSync(join(cwd, "api/a/v1/a_http.ts"), "export const mine = 1;\n");
    writeFileSync(join(cwd, "api/b/v1/b.proto"), `${thing("b")}\nmessage More {}\n`);
    mkdirSync(join(cwd, "api/c/v1"), { recursive: true });
    writeFileSync(
      join(cwd, "api/c/v1/c.proto"),
      'syntax = "proto3";\n\npackage c.v1;\n\nmessage C {}\n',
    );
    await generateFiles({ root: cwd, paths: ["api/c"] });
    const before = readProject(cwd);

    const { code, document, found } = await checkAsJson(cwd);

    expect({ code, ok: document.ok }).toEqual({ code: 1, ok: false });
    expect(found).toEqual([
      "generated missing api/a/v1/a_grpc.ts",
      "generated edited api/a/v1/a_http.ts",
      "generated stale api/b/v1/b_pb.ts",
      "generated untracked api/c/v1/c_pb.ts",
      "generated orphaned api/old/v1/old_pb.ts",
      "breaking FILE_NO_DELETE api",
    ]);
    expect(readProject(cwd)).toEqual(before);
  });

  test("differ as a diff shows that git applies", async () => {
    const cwd = await makeGitProject({ [a]: thing("a") });
    writeFileSync(join(cwd, a), thing("a", "string name = 1;\n  string title = 2;"));
    const { document } = await checkAsJson(cwd);
    const diffs = document.problems.map(({ diff = "" }) => diff).join("");
    expect(diffs).toContain("+  title: string;\n");

    writeFileSync(join(cwd, "change.diff"), diffs);
    git(cwd, "apply", "change.diff");
    expect(await checkAsJson(cwd)).toMatchObject({ code: 0, found: [] });
  });

  test("that git ignores need not be there for others", async () => {
    const cwd = await makeGitProject({
      [a]: thing("a"),
      ".gitignore": "*_pb.ts\n*_http.ts\n*_grpc.ts\nnode_modules\n",
    });
    expect(await checkAsJson(cwd)).toMatchObject({ code: 0, found: [] });
  });
});

describe("protos", () => {
  test("that hold errors are told alone, with their places", async () => {
    const cwd = await makeGitProject({ [a]: thing("a") });
    writeFileSync(join(cwd, a), thing("a", "Nothing x = 1;"));
    const { code, document, found } = await checkAsJson(cwd);
    expect({ code, found }).toEqual({ code: 1, found: [`generated proto ${a}`] });
    expect(document.problems[0]).toMatchObject({
      line: 14,
      column: 3,
      message: 'cannot find "Nothing" in this scope',
    });
    expect(document.notes.map(({ part }) => part)).toEqual(["lint", "format", "breaking"]);
  });

  test("break rules of lint and format, whose places are those of the project", async () => {
    const cwd = await makeGitProject({
      [a]: thing("a", "string  BadName = 1;"),
      // What the project does not own is not its to mend.
      "third_party/x/x.proto": 'syntax = "proto3";\npackage x;\n\n\nmessage  bad {}\n',
    });
    const { code, document, found } = await checkAsJson(cwd);
    expect({ code, found }).toEqual({
      code: 1,
      found: [`lint FIELD_LOWER_SNAKE_CASE ${a}`, `format format ${a}`],
    });
    expect(document.problems[0]).toMatchObject({ line: 14, column: 11 });
    expect(document.problems[1]?.diff).toContain(
      "-  string  BadName = 1;\n+  string BadName = 1;\n",
    );
  });

  test("are linted by the rules of their module, also where imports come from the CLI", async () => {
    const rules = `version: v2
modules:
  - path: api
    lint:
      use: [BASIC]
      ignore_only:
        FIELD_LOWER_SNAKE_CASE: [api/a]
  - path: internal
    lint:
      use: [BASIC]
      except: [FIELD_LOWER_SNAKE_CASE]
`;
    const bad = "string BadName = 1;";
    const cwd = await makeGitProject({
      "buf.yaml": rules,
      [a]: thing("a", bad),
      "api/b/v1/b.proto": thing("b", bad),
      "internal/i/v1/i.proto": thing("i", bad),
    });
    const { found } = await checkAsJson(cwd);
    expect(found).toEqual(["lint FIELD_LOWER_SNAKE_CASE api/b/v1/b.proto"]);
  });

  test("are not linted where nobody has chosen rules", async () => {
    const cwd = await makeGitProject({ [a]: thing("a", "string BadName = 1;") });
    rmSync(join(cwd, "buf.yaml"));
    const { document, found } = await checkAsJson(cwd);
    expect(found).toEqual([]);
    expect(document.notes).toEqual([
      { part: "lint", message: "not checked, since there is no buf.yaml that chooses rules" },
    ]);
  });
});

describe("breaking changes", () => {
  const changed = thing("a", "int32 name = 1;");
  const broken = `breaking FIELD_SAME_TYPE ${a}`;

  async function change(cwd: string, text: string, path = a): Promise<void> {
    writeFileSync(join(cwd, path), text);
    await generateFiles({ root: cwd, paths: [], prune: true });
  }

  test("are told from where the default branch was left, committed or not", async () => {
    const cwd = await makeGitProject({ [a]: thing("a") });
    git(cwd, "switch", "-q", "-c", "feature");
    await change(cwd, changed);
    expect((await checkAsJson(cwd)).found).toEqual([broken]);
    git(cwd, "commit", "-q", "-a", "-m", "break");
    expect(await checkAsJson(cwd)).toMatchObject({ code: 1, found: [broken] });

    // What others have done on main since is not this branch's doing.
    git(cwd, "switch", "-q", "main");
    await change(cwd, thing("a", "string name = 1;\n  string more = 2;"));
    git(cwd, "commit", "-q", "-a", "-m", "go on");
    git(cwd, "switch", "-q", "feature");
    expect((await checkAsJson(cwd)).found).toEqual([broken]);
    const { found } = await checkAsJson(cwd, "--against", "main");
    expect(found).toEqual([`breaking FIELD_NO_DELETE ${a}`, broken]);
  });

  test("are told in a project that is a folder of a repository", async () => {
    const cwd = await makeGitProject({
      "services/shop/package.json": "{}",
      "services/shop/buf.yaml": bufYaml,
      [`services/shop/${a}`]: thing("a"),
      [a]: thing("a"),
    });
    const shop = join(cwd, "services/shop");
    await generateFiles({ root: shop, paths: [] });
    git(cwd, "add", "-A");
    git(cwd, "commit", "-q", "-m", "shop");
    await change(shop, changed);
    expect((await checkAsJson(shop)).found).toEqual([broken]);
    expect((await checkAsJson(join(shop, "api"))).found).toEqual([broken]);
    expect((await checkAsJson(cwd)).found).toEqual([]);
  });

  test("are told of files that moved, and of modules that are gone", async () => {
    const cwd = await makeGitProject({
      "buf.yaml": bufYaml.replace("api", "api\n  - path: internal"),
      [a]: thing("a"),
      "internal/i/v1/i.proto": thing("i"),
    });
    renameSync(join(cwd, a), join(cwd, "api/a/v1/renamed.proto"));
    rmSync(join(cwd, "internal"), { recursive: true });
    writeFileSync(join(cwd, "buf.yaml"), bufYaml);
    await generateFiles({ root: cwd, paths: [], prune: true });
    const { document } = await checkAsJson(cwd);
    const messages = document.problems
      .filter(({ part }) => part === "breaking")
      .map(({ message }) => message);
    expect(messages).toEqual([
      'Previously present file "a/v1/a.proto" was deleted',
      expect.stringMatching(/^every proto of "internal" is gone since main/),
    ]);
  });

  test("are told although a module has come", async () => {
    const cwd = await makeGitProject({ [a]: thing("a") });
    writeFileSync(join(cwd, "buf.yaml"), bufYaml.replace("api", "api\n  - path: internal"));
    mkdirSync(join(cwd, "internal/i/v1"), { recursive: true });
    writeFileSync(join(cwd, "internal/i/v1/i.proto"), thing("i"));
    await change(cwd, changed);
    const { document, found } = await checkAsJson(cwd);
    expect(document.notes).toEqual([]);
    expect(found.filter((each) => each.startsWith("breaking"))).toEqual([broken]);
  });

  test("are not looked for outside of git, before a commit, and without a default branch", async () => {
    const cwd = await makeProject({ "package.json": "{}", "buf.yaml": bufYaml, [a]: thing("a") });
    await generateFiles({ root: cwd, paths: [], prune: true });
    const notes = async (): Promise<unknown> => (await checkAsJson(cwd)).document.notes;
    expect(await notes()).toEqual([
      { part: "breaking", message: "not checked: the project is in no git repository" },
    ]);
    git(cwd, "init", "-q", "-b", "trunk");
    expect(await notes()).toEqual([
      { part: "breaking", message: "not checked: nothing is committed yet" },
    ]);
    git(cwd, "add", "-A");
    git(cwd, "commit", "-q", "-m", "begin");
    const { code, document } = await checkAsJson(cwd);
    expect(code).toBe(0);
    expect(document.notes).toEqual([
      {
        part: "breaking",
        message: "not checked: git knows no default branch; name what to compare with by --against",
      },
    ]);
    expect((await checkAsJson(cwd, "--against", "trunk")).document.against?.name).toBe("trunk");
  });

  test.for(["nope", "--output=x", "main:api"])("are not told against %s", async (ref) => {
    const cwd = await makeGitProject({ [a]: thing("a") });
    const { code, stdout, stderr } = await runCli(["check", `--against=${ref}`], { cwd });
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain(`error[USAGE]: git knows no commit "${ref}"`);
  });
});

describe("--fix", () => {
  test("generates and formats, and tells what is left", async () => {
    const cwd = await makeGitProject({
      [a]: thing("a", "string  name = 1;"),
      "api/b/v1/b.proto": thing("b"),
    });
    rmSync(join(cwd, "api/a/v1/a_pb.ts"));
    rmSync(join(cwd, "api/b/v1/b_grpc.ts"));
    appendFileSync(join(cwd, "api/b/v1/b_http.ts"), "export const mine = 1;\n");

    const { code, document, found } = await checkAsJson(cwd, "--fix");

    expect(document.fixed).toEqual([a, "api/a/v1/a_pb.ts", "api/b/v1/b_grpc.ts"]);
    expect({ code, found }).toEqual({ code: 1, found: ["generated edited api/b/v1/b_http.ts"] });
    expect(readFileSync(join(cwd, a), "utf8")).toBe(thing("a"));
    expect(readFileSync(join(cwd, "api/b/v1/b_http.ts"), "utf8")).toContain("mine");
  });

  test("leaves nothing to be told when all can be mended", async () => {
    const cwd = await makeGitProject({ [a]: thing("a") });
    rmSync(join(cwd, "api/a/v1/a_pb.ts"));
    const { code, stdout } = await runCli(["check", "--fix"], { cwd });
    expect(code).toBe(0);
    expect(stdout).toMatch(/^fixed api\/a\/v1\/a_pb\.ts\nall is well/);
  });
});

test("people read problems with their diffs, and how many there are", async () => {
  const cwd = await makeGitProject({ [a]: thing("a", "string  BadName = 1;") });
  rmSync(join(cwd, "api/a/v1/a_grpc.ts"));
  const { code, stdout, stderr } = await runCli(["check"], { cwd: join(cwd, "api") });
  expect(code).toBe(1);
  expect(stdout).toContain(
    "a/v1/a_grpc.ts: error: is missing, its proto generates it (generated missing)\n--- /dev/null\n",
  );
  expect(stdout).toMatch(/^… \d+ more lines$/m);
  expect(stdout).toMatch(
    /^a\/v1\/a\.proto:14:11: error: Field name .* \(lint FIELD_LOWER_SNAKE_CASE\)$/m,
  );
  expect(stdout).toContain("a/v1/a.proto: error: is not formatted as buf format has it (format)\n");
  expect(stdout).toMatch(/\n3 problems: generated 1, lint 1, format 1\n$/);
  expect(stderr).toBe("hint: run `kratos-ts check --fix`\n");
});

test("programs read what docs/check.md shows", async () => {
  const page = readFileSync(new URL("../../docs/check.md", import.meta.url), "utf8");
  const [, json = ""] = /```json\n(.*?)```/s.exec(page) ?? [];
  const shown = JSON.parse(json) as CheckDocument;
  const cwd = await makeGitProject({ [a]: thing("a", "string BadName = 1;") });
  const { document } = await checkAsJson(cwd);
  const lint = document.problems.find(({ part }) => part === "lint");
  expect(Object.keys(document)).toEqual(Object.keys(shown));
  expect(Object.keys(lint ?? {})).toEqual(Object.keys(shown.problems[0] ?? {}));
  for (const key of ["hint", "diff"]) expect(page).toMatch(new RegExp(`\`[^\`]*\\b${key}\``));
});

test("GitHub is told of each problem by its path in the repository", async () => {
  const cwd = await makeGitProject({
    "shop/package.json": "{}",
    "shop/buf.yaml": bufYaml,
    [`shop/${a}`]: thing("a", "string BadName = 1;"),
    [a]: thing("a"),
  });
  const env = { GITHUB_ACTIONS: "true", GITHUB_WORKSPACE: cwd };
  const { stdout, stderr } = await runCli(["check", "--json"], { cwd: join(cwd, "shop"), env });
  expect(stderr).toContain(
    "::error file=shop/api/a/v1/a_pb.ts,line=1,col=1,title=generated missing::is missing, its proto generates it\n",
  );
  expect(stderr).toContain(
    `::error file=shop/${a},line=14,col=10,title=lint FIELD_LOWER_SNAKE_CASE::Field name`,
  );
  expect(() => JSON.parse(stdout)).not.toThrow();
});
