import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parseFlags } from "../../cmd/kratos-layout/flags.ts";
import { makeTemporaryFolder } from "../internal/data/temporary-folder.ts";

test.for([["--conf", "a.yaml"], ["--conf=a.yaml"], ["-conf", "a.yaml"], ["-conf=a.yaml"]])(
  "reads the configuration's path from %j",
  (args) => {
    expect(parseFlags(args, "/")).toEqual({ conf: "a.yaml", help: false });
  },
);

test("finds the folder configs from the sources and from dist", () => {
  const project = makeTemporaryFolder();
  mkdirSync(join(project, "configs"));
  mkdirSync(join(project, "dist/cmd/service"), { recursive: true });
  mkdirSync(join(project, "cmd/service"), { recursive: true });

  const conf = join(project, "configs");
  expect(parseFlags([], join(project, "cmd/service")).conf).toBe(conf);
  expect(parseFlags([], join(project, "dist/cmd/service")).conf).toBe(conf);
});

test.for([["--config", "a"], ["--conf"], ["a.yaml"]])("refuses %j and shows the usage", (args) => {
  expect(() => parseFlags(args, "/")).toThrow("usage: kratos-layout");
});
