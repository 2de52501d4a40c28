import { configDuration, configMessage } from "@kratos-ts/runtime/codegenv1";
import { fileSource, loadConfig } from "@kratos-ts/runtime/config";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { z } from "zod";

// What the config generator prints for
//   message Bootstrap { message Data { string source = 1; Duration max_idle_time = 2; } Data data = 1; }
const dataSchema = z.preprocess(
  configMessage({ source: "source", maxIdleTime: "max_idle_time" }),
  z.object({
    source: z.string().default(""),
    maxIdleTime: z.preprocess(configDuration, z.number().optional()),
  }),
);
const bootstrapSchema = z.preprocess(
  configMessage({ data: "data" }),
  z.object({ data: dataSchema }),
);

let file: string;

beforeEach(async () => {
  file = join(await mkdtemp(join(tmpdir(), "config-")), "config.yaml");
});

afterEach(async () => {
  await rm(join(file, ".."), { recursive: true });
});

async function load(text: string): Promise<unknown> {
  await writeFile(file, text);
  const config = await loadConfig({ sources: [fileSource(file)], schema: bootstrapSchema });
  return config.value;
}

test("placeholders and durations reach the generated type", async () => {
  expect(await load("data:\n  source: '${NO_SUCH_SOURCE:db}'\n  max_idle_time: 1m30s")).toEqual({
    data: { source: "db", maxIdleTime: 90_000 },
  });
});

test("an empty file gives every default", async () => {
  expect(await load("")).toEqual({ data: { source: "" } });
});

test("problems name the file's spelling and its place, and keep the generated hint", async () => {
  const text = "data:\n  sorce: db\n  max_idle_time: soon\ndta: {}";
  await expect(load(text)).rejects.toThrow(
    [
      "3 problems:",
      `${file}:2:3: data.sorce: unknown key, did you mean "source"?`,
      `${file}:3:3: data.max_idle_time: expected a duration such as "500ms" or "1m30s", got "soon"`,
      `${file}:4:1: dta: unknown key, did you mean "data"?`,
    ].join("\n"),
  );
});
