import { execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { mkdir, readFile, readdir, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { temporaryFolder } from "../temporary-folder.ts";
import { bin, runCli, startCli } from "./cli-process.ts";

const readJson = async (path: string): Promise<Record<string, Record<string, string>>> =>
  JSON.parse(await readFile(path, "utf8")) as Record<string, Record<string, string>>;

const isTarball = (name: string): boolean => name.endsWith(".tgz");

async function listFiles(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

describe("new --no-install", () => {
  test("makes a whole project that bears its name", async () => {
    const cwd = await temporaryFolder();
    const { code, stdout, stderr } = await runCli(["new", "order-service", "--no-install"], {
      cwd,
    });
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toMatch(
      /^created order-service \(\d+ files\)\n\norder-service is ready:\n {2}\$ cd order-service\n {2}\$ npm install\n/,
    );
    const project = join(cwd, "order-service");
    expect(await readdir(cwd)).toEqual(["order-service"]);
    expect(await readdir(project)).toEqual(
      expect.arrayContaining([
        "api",
        "buf.yaml",
        "cmd",
        "configs",
        "internal",
        "package.json",
        "third_party",
        "vendor",
      ]),
    );
    expect(await readdir(join(project, "cmd"))).toEqual(["order-service"]);
    const manifest = await readJson(join(project, "package.json"));
    expect(manifest["name"]).toBe("order-service");
    for (const file of await listFiles(project)) {
      expect(file).not.toContain("kratos-layout");
      if (file.endsWith(".tgz")) continue;
      expect(await readFile(file, "utf8")).not.toMatch(/kratos-layout/);
    }
  });

  test("a checkout gives its own packages along", async () => {
    const cwd = await temporaryFolder();
    await runCli(["new", "shop", "--no-install"], { cwd });
    const { dependencies, devDependencies } = await readJson(join(cwd, "shop/package.json"));
    const runtime = dependencies?.["@kratos-ts/runtime"];
    const cli = devDependencies?.["kratos-ts"];
    expect(runtime).toMatch(/^file:vendor\/kratos-ts-runtime-.*\.tgz$/);
    expect(cli).toMatch(/^file:vendor\/kratos-ts-\d.*\.tgz$/);
    const specs = [runtime, cli].map((spec) => spec?.replace("file:vendor/", "")).sort();
    const tarballs = (await readdir(join(cwd, "shop/vendor"))).filter(isTarball);
    expect(tarballs.sort()).toEqual(specs);
  });

  test("a packed CLI asks the registry for its version, or passes the tarballs of its project on", async () => {
    const cwd = await temporaryFolder();
    await runCli(["new", "first", "--no-install"], { cwd });
    const [tarball = ""] = (await readdir(join(cwd, "first/vendor"))).filter(
      (name) => isTarball(name) && !name.includes("runtime"),
    );
    const installed = join(cwd, "first/node_modules/kratos-ts");
    await mkdir(installed, { recursive: true });
    execFileSync("tar", [
      "xzf",
      join(cwd, "first/vendor", tarball),
      "-C",
      installed,
      "--strip-components=1",
    ]);
    const bin = join(installed, "bin/kratos-ts.js");

    const passedOn = await runCli(["new", "second", "--no-install"], { cwd, bin });
    expect(passedOn).toMatchObject({ code: 0, stderr: "" });
    expect(await readdir(join(cwd, "second/vendor"))).toEqual(
      await readdir(join(cwd, "first/vendor")),
    );
    // npm renames .gitignore and .npmrc in packages, so a template that uses these would lose them.
    const shape = async (name: string): Promise<string[]> =>
      (await listFiles(join(cwd, name))).map((file) => file.replaceAll(name, "")).sort();
    await rename(installed, join(cwd, "apart"));
    expect(await shape("second")).toEqual(
      (await shape("first")).filter((file) => !file.includes("node_modules")),
    );

    const alone = await runCli(["new", "third", "--no-install"], {
      cwd,
      bin: join(cwd, "apart/bin/kratos-ts.js"),
    });
    expect(alone).toMatchObject({ code: 0, stderr: "" });
    const { dependencies } = await readJson(join(cwd, "third/package.json"));
    expect(dependencies?.["@kratos-ts/runtime"]).toMatch(/^\^\d+\.\d+\.\d+/);
    expect((await listFiles(join(cwd, "third"))).filter(isTarball)).toEqual([]);
  });

  test("works in a folder that is empty but for .git", async () => {
    const cwd = join(await temporaryFolder(), "shop");
    await mkdir(join(cwd, ".git"), { recursive: true });
    const { code, stdout } = await runCli(["new", ".", "--no-install"], { cwd });
    expect(code).toBe(0);
    expect(stdout).not.toContain("$ cd");
    expect(await readdir(cwd)).toEqual(expect.arrayContaining([".git", "package.json"]));
  });
});

describe("new refuses", () => {
  test("a folder that holds something, and touches nothing in it", async () => {
    const cwd = await temporaryFolder();
    await mkdir(join(cwd, "shop"));
    await writeFile(join(cwd, "shop/notes.txt"), "mine");
    const { code, stdout, stderr } = await runCli(["new", "shop", "--no-install", "--yes"], {
      cwd,
    });
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toBe(
      `error[FOLDER_NOT_EMPTY]: the folder "${cwd}/shop" is not empty: it holds "notes.txt"\n` +
        "hint: choose another path, or have --force delete what is there\n",
    );
    expect(await readdir(join(cwd, "shop"))).toEqual(["notes.txt"]);
  });

  test("no such folder with --force", async () => {
    const cwd = await temporaryFolder();
    await mkdir(join(cwd, "shop"));
    await writeFile(join(cwd, "shop/notes.txt"), "mine");
    const { code, stdout } = await runCli(["new", "shop", "--no-install", "--force"], { cwd });
    expect(code).toBe(0);
    expect(stdout).toMatch(/^deleted 1 entry of shop\ncreated shop /);
    expect(await readdir(join(cwd, "shop"))).not.toContain("notes.txt");
    expect(await readdir(cwd)).toEqual(["shop"]);
  });

  test.for([
    [["new"], 2, "error[USAGE]: the project needs a path"],
    [
      ["new", "Order Service"],
      2,
      'error[INVALID_NAME]: "Order Service" cannot name a project: it has capital letters, it holds " "',
    ],
    [["new", ""], 2, "error[USAGE]: the project needs a path"],
    [["new", "a/../Order"], 2, 'error[INVALID_NAME]: "Order" cannot name a project'],
    [["new", "node_modules"], 2, 'error[INVALID_NAME]: "node_modules" cannot name a project'],
    [["new", "shop", "--branch", "main"], 2, 'error[USAGE]: --branch "main" needs a --repo'],
    [
      ["new", "shop", "--start", "--no-install"],
      2,
      "error[USAGE]: --start cannot run what --no-install leaves out",
    ],
    [["new", "shop", "--timeout", "soon"], 2, 'error[USAGE]: --timeout: "soon" is not a duration'],
    [
      ["new", "shop", "--frce"],
      2,
      'error[USAGE]: unknown option "--frce"\nhint: did you mean "--force"?',
    ],
    [["new", "shop", "extra"], 2, 'error[USAGE]: too many arguments for "new"'],
    [["new", "shop", "-r", "./nowhere"], 1, 'nowhere" does not exist'],
    [
      ["new", "shop", "-r", "./file.txt"],
      1,
      'error[TEMPLATE_INVALID]: the template "./file.txt" is a file',
    ],
    [
      ["new", "shop", "-r", "./empty"],
      1,
      'error[TEMPLATE_INVALID]: the template "./empty" has no package.json',
    ],
    [
      ["new", "shop", "-r", "./odd"],
      1,
      'error[TEMPLATE_INVALID]: "./odd/package.json" is not a package.json\n  ✖ Invalid input: expected string, received number\n    → at name\n',
    ],
    [["new", "file.txt/shop"], 1, 'file.txt/shop" is, or lies below, a file'],
  ] as const)("%j with exit code %i", async ([args, code, message]) => {
    const cwd = await temporaryFolder();
    await writeFile(join(cwd, "file.txt"), "");
    await mkdir(join(cwd, "empty"));
    await mkdir(join(cwd, "odd"));
    await writeFile(join(cwd, "odd/package.json"), '{ "name": 5 }');
    const result = await runCli([...args, "--no-install"], { cwd });
    expect(result.stderr).toContain(message);
    expect(result).toMatchObject({ code, stdout: "" });
    expect((await readdir(cwd)).sort()).toEqual(["empty", "file.txt", "odd"]);
  });
});

describe("new --force at a terminal", () => {
  const { stdout: version } = spawnSync("script", ["--version"], { encoding: "utf8" });
  const withoutTerminal = version?.includes("util-linux") !== true;
  const reason = "a terminal is made by script(1) of util-linux";

  /** Runs `new shop --force` in a terminal of its own, and answers with `key` when it is asked. */
  async function answer(cwd: string, key: string, ...flags: string[]): Promise<string> {
    await mkdir(join(cwd, "shop"));
    await writeFile(join(cwd, "shop/notes.txt"), "mine");
    const { CI: _ci, ...env } = process.env;
    const command = [process.execPath, bin, "new", "shop", "--no-install", "--force", ...flags];
    const child = spawn("script", ["-qec", `stty cols 200; ${command.join(" ")}`, "/dev/null"], {
      cwd,
      env,
    });
    onTestFinished(() => void child.kill("SIGKILL"));
    let output = "";
    let answered = false;
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      output += text;
      if (answered || !output.includes("Delete 1 entry")) return;
      answered = true;
      child.stdin.write(key);
    });
    await once(child, "close");
    return output;
  }

  test("asks, and keeps everything when the answer is no", async ({ skip }) => {
    skip(withoutTerminal, reason);
    const cwd = await temporaryFolder();
    expect(await answer(cwd, "n")).toContain("nothing was done");
    expect(await readdir(join(cwd, "shop"))).toEqual(["notes.txt"]);
  });

  test("asks, and deletes when the answer is yes", async ({ skip }) => {
    skip(withoutTerminal, reason);
    const cwd = await temporaryFolder();
    expect(await answer(cwd, "y")).toContain("deleted 1 entry of shop");
    expect(await readdir(join(cwd, "shop"))).not.toContain("notes.txt");
  });

  test("asks nothing with --yes", async ({ skip }) => {
    skip(withoutTerminal, reason);
    const cwd = await temporaryFolder();
    const output = await answer(cwd, "n", "--yes");
    expect(output).not.toContain("Delete 1 entry");
    expect(output).toContain("deleted 1 entry of shop");
  });
});

describe("new --repo", () => {
  async function makeTemplate(folder: string): Promise<void> {
    await mkdir(join(folder, "cmd/server"), { recursive: true });
    await writeFile(
      join(folder, "package.json"),
      '{\n\t"name": "@team/layout",\n\t"type": "module"\n}\n',
    );
    await writeFile(join(folder, "cmd/server/main.ts"), 'console.log("layout");\n');
    await writeFile(join(folder, "logo.bin"), Buffer.from([0, 255, 1]));
  }

  function git(cwd: string, ...args: string[]): void {
    const config = [
      "-c",
      "user.name=t",
      "-c",
      "user.email=t@localhost",
      "-c",
      "commit.gpgsign=false",
    ];
    execFileSync("git", [...config, ...args], { cwd, stdio: "ignore" });
  }

  test("takes a folder as template", async () => {
    const cwd = await temporaryFolder();
    await makeTemplate(join(cwd, "template"));
    const result = await runCli(["new", "shop", "-r", "./template", "--no-install"], { cwd });
    expect(result).toMatchObject({ code: 0, stderr: "" });
    expect(await readFile(join(cwd, "shop/cmd/shop/main.ts"), "utf8")).toBe(
      'console.log("shop");\n',
    );
    expect(await readFile(join(cwd, "shop/logo.bin"))).toEqual(Buffer.from([0, 255, 1]));
    const manifest = await readFile(join(cwd, "shop/package.json"), "utf8");
    expect(manifest).toContain('\t"name": "shop"');
  });

  test("clones a branch of a repository", async () => {
    const cwd = await temporaryFolder();
    const template = join(cwd, "template");
    await makeTemplate(template);
    git(template, "init", "--quiet", "--initial-branch=main");
    git(template, "add", ".");
    git(template, "commit", "--quiet", "-m", "one");
    git(template, "checkout", "--quiet", "-b", "slim");
    await writeFile(join(template, "slim.txt"), "");
    git(template, "add", ".");
    git(template, "commit", "--quiet", "-m", "two");
    git(template, "checkout", "--quiet", "main");

    const url = `file://${template}`;
    const main = await runCli(["new", "a", "-r", url, "--no-install"], { cwd });
    expect(main).toMatchObject({ code: 0, stderr: "" });
    const slim = await runCli(["new", "b", "-r", url, "-b", "slim", "--no-install"], { cwd });
    expect(slim).toMatchObject({ code: 0, stderr: "" });
    expect(await readdir(join(cwd, "a"))).not.toContain("slim.txt");
    expect(await readdir(join(cwd, "b"))).toContain("slim.txt");
    expect(await readdir(join(cwd, "b"))).not.toContain(".git");

    const none = await runCli(["new", "c", "-r", url, "-b", "fat", "--no-install"], { cwd });
    expect(none.code).toBe(1);
    expect(none.stderr).toContain(
      `error[TEMPLATE_UNREACHABLE]: cannot fetch the template "${url}" at "fat"`,
    );
    expect(none.stderr).toContain("Remote branch fat not found");
    expect((await readdir(cwd)).sort()).toEqual(["a", "b", "template"]);
  });

  test("an address without a repository is told with git's own words", async () => {
    const cwd = await temporaryFolder();
    const server = createServer((_, response) => response.writeHead(404).end());
    onTestFinished(() => void server.close());
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/none.git`;
    const { code, stdout, stderr } = await runCli(["new", "shop", "-r", url], { cwd });
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toContain(
      `error[TEMPLATE_UNREACHABLE]: cannot fetch the template "${url}"\n  fatal: `,
    );
    expect(await readdir(cwd)).toEqual([]);
  });

  test("a repository that does not answer in time is given up", async () => {
    const cwd = await temporaryFolder();
    const server = createServer(() => undefined);
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/slow.git`;
    const { code, stderr } = await runCli(["new", "shop", "-r", url, "-t", "300ms"], { cwd });
    expect(code).toBe(1);
    expect(stderr).toContain(
      `error[TEMPLATE_UNREACHABLE]: fetching the template "${url}" took longer than 0.3 s`,
    );
    expect(await readdir(cwd)).toEqual([]);
  });

  test("ending it leaves nothing behind", async () => {
    const cwd = await temporaryFolder();
    let ask: () => void = () => undefined;
    const asked = new Promise<void>((resolve) => {
      ask = resolve;
    });
    const server = createServer(() => ask());
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/slow.git`;
    const temporary = join(cwd, "tmp");
    await mkdir(temporary);
    const cli = startCli(["new", "shop", "-r", url], { cwd, env: { TMPDIR: temporary } });
    await asked;
    cli.process.kill("SIGINT");
    expect(await cli.result).toMatchObject({ code: 130 });
    expect(await readdir(cwd)).toEqual(["tmp"]);
    expect(await readdir(temporary)).toEqual([]);
  });
});
