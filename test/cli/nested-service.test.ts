import { spawnSync } from "node:child_process";
import { mkdir, readFile, readdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { temporaryFolder } from "../temporary-folder.ts";
import { runCli } from "./cli-process.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

test("--nomod adds a service that shares the project's packages and api", async () => {
  const cwd = await temporaryFolder();
  await runCli(["new", "shop", "--no-install"], { cwd });
  const project = join(cwd, "shop");
  const before = await readFile(join(project, "package.json"), "utf8");
  const result = await runCli(["new", "app/stock", "--nomod", "--no-install"], { cwd: project });
  expect(result).toMatchObject({
    code: 0,
    stderr:
      'note: added to "include" of tsconfig.json: "app/stock"\n' +
      'note: added to "include" of tsconfig.build.json: "app/stock/cmd", "app/stock/internal"\n',
  });

  const service = join(project, "app/stock");
  expect((await readdir(service)).sort()).toEqual([
    "buf.yaml",
    "cmd",
    "configs",
    "internal",
    "test",
    "tsconfig.build.json",
    "tsconfig.json",
    "vitest.config.ts",
  ]);
  expect(await readdir(join(service, "cmd"))).toEqual(["stock"]);
  expect(await readFile(join(project, "package.json"), "utf8")).toBe(before);
  const services = await readFile(join(service, "internal/server/services.ts"), "utf8");
  expect(services).toContain('from "../../../../api/helloworld/v1/greeter_http.ts"');
  expect(services).toContain('from "../service/greeter.ts"');
  const wire = await readFile(join(service, "cmd/stock/wire.ts"), "utf8");
  expect(wire).toContain('join(home, "../../api")');
  const buf = await readFile(join(service, "buf.yaml"), "utf8");
  expect(buf).toContain("path: internal");
  expect(buf).not.toContain("path: api");
});

test("the project's type check and build cover a service added with --nomod", async () => {
  const cwd = await temporaryFolder();
  await runCli(["new", "shop", "--no-install"], { cwd });
  const project = join(cwd, "shop");
  await symlink(join(root, "node_modules"), join(project, "node_modules"));
  await runCli(["new", "app/stock", "--nomod", "--no-install"], { cwd: project });
  await runCli(["proto", "client", "api", "internal"], { cwd: project });
  await runCli(["proto", "client", "app/stock/internal"], { cwd: project });
  const main = join(project, "app/stock/cmd/stock/main.ts");
  await writeFile(main, `${await readFile(main, "utf8")}\nconst wrong: string = 1;\n`);
  for (const args of [["--noEmit"], ["--noEmit", "-p", "tsconfig.build.json"]]) {
    const tsc = join(root, "node_modules/typescript/bin/tsc");
    const flags = [...args, "--pretty", "false", "--customConditions", "@kratos-ts/source"];
    const { stdout } = spawnSync(process.execPath, [tsc, ...flags], {
      cwd: project,
      encoding: "utf8",
    });
    const errors = stdout.split("\n").filter((line) => /^app\/stock\/.*: error/.test(line));
    expect(errors.map((line) => line.replace(/\(.*?\)/, ""))).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^app\/stock\/cmd\/stock\/main\.ts: error TS/),
      ]),
    );
    expect(errors.filter((line) => !line.startsWith("app/stock/cmd/stock/main.ts"))).toEqual([]);
  }
}, 60_000);

test("--nomod brings along what the project lacks, and says so", async () => {
  const cwd = await temporaryFolder();
  await writeFile(
    join(cwd, "package.json"),
    '{\n    "name": "whole",\n    "dependencies": { "zod": "4.0.0" }\n}\n',
  );
  await mkdir(join(cwd, "api/helloworld/v1"), { recursive: true });
  await writeFile(join(cwd, "api/helloworld/v1/greeter.proto"), "mine");
  const { code, stderr } = await runCli(["new", "stock", "--nomod", "--no-install"], { cwd });
  expect(code).toBe(0);
  expect(stderr).toMatch(/^note: added to package.json: .*@kratos-ts\/runtime.*\n$/);
  const text = await readFile(join(cwd, "package.json"), "utf8");
  const manifest = JSON.parse(text) as Record<string, Record<string, string>>;
  expect(text).toContain('\n    "name": "whole"');
  expect(manifest["dependencies"]?.["zod"]).toBe("4.0.0");
  const spec = manifest["dependencies"]?.["@kratos-ts/runtime"] ?? "";
  expect(await readdir(join(cwd, "vendor"))).toContain(spec.replace("file:vendor/", ""));
  expect(await readdir(join(cwd, "api/helloworld/v1"))).toEqual(["greeter.proto"]);
  expect(await readFile(join(cwd, "stock/tsconfig.json"), "utf8")).toContain('"strict": true');
});

test("--nomod outside of a project is refused", async () => {
  const cwd = await temporaryFolder();
  const { code, stderr } = await runCli(["new", "stock", "--nomod", "--no-install"], { cwd });
  expect(code).toBe(1);
  expect(stderr).toContain(
    `error[PROJECT_NOT_FOUND]: no folder above "${cwd}/stock" has a package.json\nhint: --nomod adds`,
  );
  expect(await readdir(cwd)).toEqual([]);
});
