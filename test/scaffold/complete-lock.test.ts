import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { completeLockFile } from "../../src/scaffold/complete-lock.ts";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "kratos-lock-"));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

/** Completes a lock with these packages; returns the names that were added, and the packages after. */
async function complete(packages: object): Promise<[added: string[], packages: object]> {
  const path = join(folder, "package-lock.json");
  await writeFile(path, JSON.stringify({ lockfileVersion: 3, packages }));
  const added = await completeLockFile(path);
  const { packages: after } = JSON.parse(await readFile(path, "utf8")) as { packages: object };
  return [added, after];
}

describe("a lock file", () => {
  test("gets entries for the platforms that the registry lacks", async () => {
    const there = {
      "node_modules/tool": {
        version: "1.2.0",
        dev: true,
        license: "MIT",
        engines: { node: ">=20" },
        optionalDependencies: {
          "@tool/binding-darwin-arm64": "1.2.0",
          "@tool/binding-linux-x64-musl": "1.2.0",
          "@tool/binding-linux-x64-gnu": "1.2.0",
        },
      },
      "node_modules/@tool/binding-linux-x64-gnu": { version: "1.2.0" },
    };
    const [added, after] = await complete(there);
    expect(added).toEqual(["@tool/binding-darwin-arm64", "@tool/binding-linux-x64-musl"]);
    const common = { version: "1.2.0", dev: true, license: "MIT", optional: true };
    expect(after).toEqual({
      ...there,
      "node_modules/@tool/binding-darwin-arm64": {
        ...common,
        cpu: ["arm64"],
        os: ["darwin"],
        engines: { node: ">=20" },
      },
      "node_modules/@tool/binding-linux-x64-musl": {
        ...common,
        cpu: ["x64"],
        libc: ["musl"],
        os: ["linux"],
        engines: { node: ">=20" },
      },
    });
    expect(Object.keys(after)).toEqual(Object.keys(after).toSorted());
  });

  test("keeps another version that lies where the package would go", async () => {
    const name = "@tool/binding-win32-x64-msvc";
    const tool = (version: string): object => ({
      version,
      optionalDependencies: { [name]: version },
    });
    const [added, after] = await complete({
      "node_modules/tool": tool("2.0.0"),
      "node_modules/host/node_modules/tool": tool("1.0.0"),
      [`node_modules/${name}`]: { version: "1.0.0" },
    });
    expect(added).toEqual([name]);
    expect(after).toMatchObject({
      [`node_modules/${name}`]: { version: "1.0.0" },
      [`node_modules/tool/node_modules/${name}`]: { version: "2.0.0", os: ["win32"], cpu: ["x64"] },
    });
  });

  test.for([
    ["has nothing to do with a platform", { fsevents: "2.3.3" }],
    ["is not named by one version", { "@tool/binding-linux-arm64": "^1.0.0" }],
  ] as const)("is left alone where an optional package %s", async ([, optionalDependencies]) => {
    const packages = { "node_modules/tool": { version: "1.0.0", optionalDependencies } };
    expect(await complete(packages)).toEqual([[], packages]);
  });

  test("need not be there", async () => {
    expect(await completeLockFile(join(folder, "package-lock.json"))).toEqual([]);
  });
});

test("the lock file of this repository is complete: else npm ci fails where it is needed", async () => {
  const own = await readFile(
    fileURLToPath(new URL("../../package-lock.json", import.meta.url)),
    "utf8",
  );
  await writeFile(join(folder, "package-lock.json"), own);
  const added = await completeLockFile(join(folder, "package-lock.json"));
  expect(added, 'run "npm run lock"').toEqual([]);
});
