import { mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";
import { parseFlags } from "../../cmd/kratos-layout/flags.ts";
import { makeTemporaryFolder } from "../internal/data/temporary-folder.ts";

test.for([["--conf", "a.yaml"], ["--conf=a.yaml"], ["-conf", "a.yaml"], ["-conf=a.yaml"]])(
  "reads the configuration's path from %j",
  (args) => {
    expect(parseFlags(args, "/")).toMatchObject({ conf: resolve("a.yaml"), help: false });
  },
);

test("finds the project and its configuration from the sources and from dist", () => {
  const project = makeTemporaryFolder();
  mkdirSync(join(project, "configs"));
  mkdirSync(join(project, "dist/cmd/service"), { recursive: true });
  mkdirSync(join(project, "cmd/service"), { recursive: true });

  const found = { conf: join(project, "configs"), home: project };
  expect(parseFlags([], join(project, "cmd/service"))).toMatchObject(found);
  expect(parseFlags([], join(project, "dist/cmd/service"))).toMatchObject(found);
});

test("data of another configuration lies beside it", () => {
  const folder = makeTemporaryFolder();
  writeFileSync(join(folder, "test.yaml"), "");
  mkdirSync(join(folder, "configs"));
  writeFileSync(join(folder, "configs/test.yaml"), "");

  expect(parseFlags(["--conf", join(folder, "test.yaml")], "/").home).toBe(folder);
  expect(parseFlags(["--conf", join(folder, "configs/test.yaml")], "/").home).toBe(folder);
  expect(parseFlags(["--conf", join(folder, "configs")], "/").home).toBe(folder);
});

test.for([["--config", "a"], ["--conf"], ["a.yaml"]])("refuses %j and shows the usage", (args) => {
  expect(() => parseFlags(args, "/")).toThrow("usage: kratos-layout");
});
