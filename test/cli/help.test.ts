import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { temporaryFolder } from "../temporary-folder.ts";
import { runCli, startCli } from "./cli-process.ts";

test("--version prints the version of the package", async () => {
  const { version } = JSON.parse(
    await readFile(new URL("../../package.json", import.meta.url), "utf8"),
  ) as { version: string };
  const cwd = await temporaryFolder();
  expect(await runCli(["--version"], { cwd })).toEqual({
    code: 0,
    stdout: `${version}\n`,
    stderr: "",
  });
});

test.for([
  [["--help"], "$ kratos-ts new order-service --start"],
  [[], "$ kratos-ts run"],
  [["new", "--help"], "$ kratos-ts new app/order --nomod"],
  [["proto", "--help"], "server [options] <file or folder...>"],
  [["proto", "add", "--help"], "$ kratos-ts proto add api/order/v1/order.proto"],
  [["proto", "client", "-h"], "$ kratos-ts proto client api internal"],
  [["proto", "server", "-h"], "-t, --target-dir <folder>"],
  [["proto", "server", "-h"], "order.proto --layers service,biz,data"],
  [["generate", "-h"], "$ kratos-ts generate --watch"],
  [["check", "-h"], "$ kratos-ts check --against main --json"],
  [["run", "-h"], "$ kratos-ts run -- --conf configs/local.yaml"],
  [["run", "-h"], "$ kratos-ts run scripts/call.ts --no-watch"],
  [["help"], "help [command]"],
  [["help", "new"], "$ kratos-ts new app/order --nomod"],
  [["help", "proto", "add"], "$ kratos-ts proto add api/order/v1/order.proto"],
  [["proto", "help", "add"], "$ kratos-ts proto add api/order/v1/order.proto"],
  [["proto", "client", "-h"], "servers and\nclients, errors, configuration."],
] as const)("%j shows examples and flags", async ([args, text]) => {
  const { code, stdout, stderr } = await runCli(args, { cwd: await temporaryFolder() });
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(stdout).toContain(text);
});

test.for([
  [["rnu"], 'error[USAGE]: unknown command "rnu"\nhint: did you mean "run"?\n'],
  [["proto", "ad"], 'error[USAGE]: unknown command "ad"\nhint: did you mean "add"?\n'],
  [
    ["proto", "add"],
    'error[USAGE]: missing required argument "path"\nhint: run `kratos-ts proto add --help`\n',
  ],
  [
    ["proto", "client"],
    'error[USAGE]: missing required argument "file or folder"\nhint: run `kratos-ts proto client --help`\n',
  ],
  [["run", "-x"], 'error[USAGE]: unknown option "-x"\nhint: run `kratos-ts run --help`\n'],
  [
    ["upgrade", "--help"],
    'error[USAGE]: unknown command "upgrade"\nhint: run `kratos-ts --help`\n',
  ],
  [["help", "rnu"], 'error[USAGE]: unknown command "rnu"\nhint: did you mean "run"?\n'],
  [["proto", "ad", "-h"], 'error[USAGE]: unknown command "ad"\nhint: did you mean "add"?\n'],
  [["--verson"], 'error[USAGE]: unknown option "--verson"\nhint: did you mean "--version"?\n'],
  [
    ["proto", "server", "a.proto", "-t"],
    'error[USAGE]: option "-t, --target-dir <folder>" argument missing\nhint: run `kratos-ts proto server --help`\n',
  ],
] as const)("%j is a wrong command line", async ([args, stderr]) => {
  const cwd = await temporaryFolder();
  expect(await runCli(args, { cwd })).toEqual({ code: 2, stdout: "", stderr });
});

test("a group of commands without a command shows them and fails", async () => {
  const { code, stdout, stderr } = await runCli(["proto"], { cwd: await temporaryFolder() });
  expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  expect(stderr).toContain("client [options] <file or folder...>");
  expect(stderr).toContain("error[USAGE]: which of `proto add`, `proto client` or `proto server`?");
});

test("colours appear when they are forced, and never with NO_COLOR", async () => {
  const cwd = await temporaryFolder();
  const colored = await runCli(["rnu"], { cwd, env: { FORCE_COLOR: "1" } });
  expect(colored.stderr).toContain("\u001b[31merror[USAGE]:");
  const plain = await runCli(["rnu"], { cwd, env: { FORCE_COLOR: "1", NO_COLOR: "1" } });
  expect(plain.stderr).toMatch(/^error\[USAGE\]:/);
});

test("a reader that goes away is no failure", async () => {
  const cwd = await temporaryFolder();
  const cli = startCli(["--help"], { cwd });
  cli.process.stdout?.destroy();
  expect(await cli.result).toMatchObject({ code: 0, stderr: "" });
});
