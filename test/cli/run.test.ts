import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { temporaryFolder } from "../temporary-folder.ts";
import { bin, runCli, startCli } from "./cli-process.ts";

/** A program that says what it sees, and ends with 7 when it is told to. */
const main = `import { word } from "../../internal/word.ts";
const timer: NodeJS.Timeout = setInterval(() => undefined, 1000);
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => {
    console.log("got", signal);
    clearInterval(timer);
    process.exitCode = 7;
  });
}
console.log("started", word, JSON.stringify(process.argv.slice(2)), process.cwd());
`;

async function write(folder: string, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  }
}

async function makeProject(programs: readonly string[] = ["shop"]): Promise<string> {
  const folder = await temporaryFolder();
  await write(folder, {
    "package.json": '{ "type": "module" }',
    "internal/word.ts": 'export const word: string = "one";\n',
    "configs/config.yaml": "a: 1\n",
  });
  for (const name of programs) await write(folder, { [`cmd/${name}/main.ts`]: main });
  return folder;
}

describe("run --no-watch", () => {
  test("ends with the program's exit code, and passes arguments and signals on", async () => {
    const cwd = await makeProject();
    const cli = startCli(["run", "--no-watch", "--", "--conf", "x", "--help"], { cwd });
    await cli.printed(`started one ["--conf","x","--help"] ${cwd}\n`);
    cli.process.kill("SIGTERM");
    await cli.printed("got SIGTERM\n");
    expect(await cli.result).toMatchObject({ code: 7, stderr: "" });
  });

  test("ends as the program does when that fails", async () => {
    const cwd = await makeProject();
    await write(cwd, { "cmd/shop/main.ts": "process.exitCode = 3;\n" });
    expect(await runCli(["run", "--no-watch"], { cwd })).toMatchObject({ code: 3 });
    await write(cwd, { "cmd/shop/main.ts": 'process.kill(process.pid, "SIGKILL");\n' });
    expect(await runCli(["run", "--no-watch"], { cwd })).toMatchObject({ code: 137 });
  });

  test("an error's position is that of the source", async () => {
    const cwd = await makeProject();
    await write(cwd, {
      "cmd/shop/main.ts":
        "interface Long {\n  a: number;\n}\n\nthrow new Error(String({ a: 1 } satisfies Long));\n",
    });
    const { stderr } = await runCli(["run", "--no-watch"], { cwd });
    expect(stderr).toMatch(/cmd\/shop\/main\.ts:5:7/);
  });

  test("works in the folder that --work names", async () => {
    const cwd = await makeProject();
    const cli = startCli(["run", "--no-watch", "--work", "configs"], { cwd });
    await cli.printed(`started one [] ${cwd}/configs\n`);
    cli.process.kill("SIGTERM");
    expect(await cli.result).toMatchObject({ code: 7 });
  });

  test.for([
    ["internal", []],
    ["cmd/shop", []],
    [".", ["cmd/shop"]],
    [".", ["cmd/shop/main.ts"]],
    ["configs", [".."]],
  ] as const)("finds the program from %s with %j", async ([below, args]) => {
    const project = await makeProject();
    const cli = startCli(["run", "--no-watch", ...args], { cwd: join(project, below) });
    await cli.printed(`started one [] ${project}\n`);
    cli.process.kill("SIGTERM");
    expect(await cli.result).toMatchObject({ code: 7 });
  });

  test("finds a program further down, as in a repository of several services", async () => {
    const cwd = await temporaryFolder();
    await write(cwd, {
      "package.json": '{ "type": "module" }',
      "app/shop/internal/word.ts": 'export const word = "deep";\n',
      "app/shop/cmd/shop/main.ts": main,
    });
    const cli = startCli(["run", "--no-watch"], { cwd });
    await cli.printed(`started deep [] ${cwd}/app/shop\n`);
    cli.process.kill("SIGTERM");
    expect(await cli.result).toMatchObject({ code: 7 });
  });
});

test("runs a script in its project, and once more when it changes", async () => {
  const cwd = await makeProject();
  await write(cwd, { "scripts/call.ts": 'console.log("called", process.cwd());\n' });
  const once = await runCli(["run", "scripts/call.ts", "--no-watch"], { cwd });
  expect(once).toEqual({ code: 0, stdout: `called ${cwd}\n`, stderr: "" });
  const cli = startCli(["run", "scripts/call.ts"], { cwd });
  await cli.printed("waiting for a change\n");
  await write(cwd, { "scripts/call.ts": 'console.log("again");\n' });
  await cli.printed("starting again, scripts/call.ts changed\n");
  await cli.printed("again\n");
});

describe("run refuses", () => {
  test("to choose between programs when nobody can be asked", async () => {
    const cwd = await makeProject(["shop", "admin"]);
    expect(await runCli(["run"], { cwd })).toEqual({
      code: 1,
      stdout: "",
      stderr:
        "error[ENTRY_AMBIGUOUS]: there are 2 programs: cmd/admin, cmd/shop\n" +
        "hint: name one, such as `kratos-ts run cmd/admin`\n",
    });
    const cli = startCli(["run", "cmd/shop", "--no-watch"], { cwd });
    await cli.printed("started one");
  });

  test.for([
    [["run", "nowhere"], 1, 'error[FILE_NOT_FOUND]: "nowhere" does not exist\n'],
    [
      ["run", "internal"],
      1,
      'error[ENTRY_NOT_FOUND]: "internal" holds no main.ts and no cmd/*/main.ts\n',
    ],
    [
      ["run", "-w", "nowhere"],
      1,
      'error[FILE_NOT_FOUND]: the working directory "nowhere" is not a folder\n',
    ],
    [["run", "--wrok", "x"], 2, 'error[USAGE]: unknown option "--wrok"\n'],
  ] as const)("%j", async ([args, code, message]) => {
    const result = await runCli(args, { cwd: await makeProject() });
    expect(result).toMatchObject({ code, stdout: "" });
    expect(result.stderr).toContain(message);
  });

  test("a folder beside a project, and one beside a service of its own project", async () => {
    const cwd = await temporaryFolder();
    await write(cwd, {
      "shop/package.json": "{}",
      "shop/app/stock/cmd/stock/main.ts": main,
      "empty/notes.txt": "",
      "shop/docs/notes.txt": "",
    });
    for (const folder of ["empty", "shop/docs"]) {
      const { code, stdout, stderr } = await runCli(["run"], { cwd: join(cwd, folder) });
      expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
      expect(stderr).toContain("there is no cmd/*/main.ts in");
    }
  });

  test("a project without a program", async () => {
    const cwd = await temporaryFolder();
    await write(cwd, { "package.json": "{}" });
    const { code, stderr } = await runCli(["run"], { cwd });
    expect(code).toBe(1);
    expect(stderr).toBe(
      `error[ENTRY_NOT_FOUND]: there is no cmd/*/main.ts in "${cwd}"\nhint: run it inside a project, or name the program's folder\n`,
    );
  });
});

describe("run", () => {
  test("starts again when a source changes, after a graceful end", async () => {
    const cwd = await makeProject();
    const cli = startCli(["run"], { cwd });
    await cli.printed("started one");
    await write(cwd, { "internal/word.ts": 'export const word: string = "two";\n' });
    await cli.printed("[kratos-ts] restarting, internal/word.ts changed\n");
    await cli.printed("got SIGTERM\n");
    await cli.printed("started two");
    // As editors save: a new file beside, renamed over the old one.
    await write(cwd, { "internal/word.ts.swp": 'export const word = "three";\n' });
    await rename(join(cwd, "internal/word.ts.swp"), join(cwd, "internal/word.ts"));
    await cli.printed("started three");
    cli.process.kill("SIGINT");
    await cli.printed("got SIGINT\n");
    expect(await cli.result).toMatchObject({ code: 7 });
  });

  test("starts again when a configuration changes, also in a folder that came later", async () => {
    const cwd = await makeProject();
    const cli = startCli(["run"], { cwd });
    await cli.printed("started one");
    await write(cwd, { "configs/config.yaml": "a: 2\n" });
    await cli.printed("restarting, configs/config.yaml changed\n");
    await cli.printed("started one");
    await write(cwd, { "api/order/v1/order_pb.ts": "export {};\n" });
    await cli.printed("restarting, api/order/v1/order_pb.ts changed\n");
    await cli.printed("started one");
    await rm(join(cwd, "api"), { recursive: true });
    await cli.printed("restarting, api/order/v1/order_pb.ts changed\n");
    await cli.printed("started one");
    cli.process.kill("SIGTERM");
    expect(await cli.result).toMatchObject({ code: 7 });
  });

  test("outlives a program that fails, and says so", async () => {
    const cwd = await makeProject();
    await write(cwd, { "internal/word.ts": "export const word = ;\n" });
    const cli = startCli(["run"], { cwd });
    await cli.printed("SyntaxError");
    await cli.printed("[kratos-ts] ended with exit code 1, waiting for a change\n");
    await write(cwd, { "internal/word.ts": 'export const word = "mended";\n' });
    await cli.printed("[kratos-ts] starting again, internal/word.ts changed\n");
    await cli.printed("started mended");
    cli.process.kill("SIGTERM");
    expect(await cli.result).toMatchObject({ code: 7 });
  });

  test("ended while the program is down, it ends with the program's exit code", async () => {
    const cwd = await makeProject();
    await write(cwd, { "cmd/shop/main.ts": "process.exitCode = 3;\n" });
    const cli = startCli(["run"], { cwd });
    await cli.printed("waiting for a change");
    cli.process.kill("SIGTERM");
    expect(await cli.result).toMatchObject({ code: 3 });
  });

  test("ends when the npm that started it is gone", async () => {
    const cwd = await makeProject();
    const npm = join(cwd, "npm.js");
    await writeFile(
      npm,
      'import { spawn } from "node:child_process";\n' +
        'spawn(process.execPath, [process.argv[2], "run"], { stdio: "inherit" });\n',
    );
    const cli = startCli([bin], { cwd, bin: npm, env: { npm_command: "exec" } });
    await cli.printed("started one");
    cli.process.kill("SIGKILL");
    await cli.printed("got SIGTERM\n");
    // The output is closed only when the last of them has ended.
    expect((await cli.result).stdout).toMatch(/^started one .*\ngot SIGTERM\n$/);
  });

  test.for([["run"], ["run", "--no-watch"]] as const)(
    "%j takes its program along when it is killed",
    async (args) => {
      const cwd = await makeProject();
      const cli = startCli(args, { cwd });
      await cli.printed("started one");
      cli.process.kill("SIGKILL");
      await cli.printed("got SIGTERM\n");
      // The output is closed only when the last of them has ended.
      expect((await cli.result).stdout).toMatch(/^started one .*\ngot SIGTERM\n$/);
    },
  );

  test("what the program starts itself is left alone", async () => {
    const cwd = await makeProject();
    await write(cwd, {
      "cmd/shop/main.ts":
        'import { fork } from "node:child_process";\n' +
        'import { Worker } from "node:worker_threads";\n' +
        'if (process.argv[2] === "child") {\n' +
        '  process.send?.("hello");\n' +
        "} else {\n" +
        '  console.log(Object.keys(process.env).filter((name) => name.startsWith("KRATOS_TS_")));\n' +
        '  const child = fork(import.meta.filename, ["child"]);\n' +
        '  child.once("message", (text) => {\n' +
        '    console.log("child says", text);\n' +
        "    const worker = new Worker('console.log(\"worker runs\")', { eval: true });\n" +
        '    worker.once("exit", (code) => console.log("worker ended with", code));\n' +
        "  });\n" +
        "}\n",
    });
    expect(await runCli(["run", "--no-watch"], { cwd })).toEqual({
      code: 0,
      stdout: "[]\nchild says hello\nworker runs\nworker ended with 0\n",
      stderr: "",
    });
  });

  test("a second signal ends a program that does not heed the first", async () => {
    const cwd = await makeProject();
    await write(cwd, {
      "cmd/shop/main.ts":
        'process.on("SIGTERM", () => console.log("no"));\nsetInterval(() => undefined, 1000);\nconsole.log("up");\n',
    });
    const cli = startCli(["run"], { cwd });
    await cli.printed("up");
    cli.process.kill("SIGTERM");
    await cli.printed("no");
    cli.process.kill("SIGTERM");
    expect(await cli.result).toMatchObject({ code: 137 });
  });
});
