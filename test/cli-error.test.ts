import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { CliError, cliErrorCodes, isCliError } from "../src/cli-error.ts";

test("the documentation lists every code with its exit code and meaning", async () => {
  const text = await readFile(new URL("../docs/cli-errors.md", import.meta.url), "utf8");
  const rows = [...text.matchAll(/^\| ([A-Z_]+) +\| (\d+) +\| (.*?) +\|$/gm)];
  const documented = rows.map(([, code, exitCode, meaning]) => [
    code,
    { exitCode: Number(exitCode), meaning },
  ]);
  expect(Object.fromEntries(documented)).toEqual(cliErrorCodes);
});

test("an error is recognised by its shape", () => {
  expect(isCliError(new CliError("USAGE", "no"))).toBe(true);
  expect(isCliError(Object.assign(new Error("no"), { name: "CliError", exitCode: 1 }))).toBe(true);
  expect(isCliError(new Error("no"))).toBe(false);
  expect(isCliError("no")).toBe(false);
});
