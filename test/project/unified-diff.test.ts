import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { printUnifiedDiff } from "../../src/project/unified-diff.ts";
import { temporaryFolder } from "../temporary-folder.ts";

const lines = (from: number, to: number): string =>
  Array.from({ length: to - from + 1 }, (_, index) => `line ${from + index}\n`).join("");

test("shows three lines around each change, and joins changes whose surroundings meet", () => {
  const before = lines(1, 30);
  const after = before
    .replace("line 5\n", "line 5\nnew\n")
    .replace("line 10\n", "")
    .replace("line 25\n", "other\n");
  expect(printUnifiedDiff({ path: "a.txt", before, after })).toBe(`--- a/a.txt
+++ b/a.txt
@@ -3,11 +3,11 @@
 line 3
 line 4
 line 5
+new
 line 6
 line 7
 line 8
 line 9
-line 10
 line 11
 line 12
 line 13
@@ -22,7 +22,7 @@
 line 22
 line 23
 line 24
-line 25
+other
 line 26
 line 27
 line 28
`);
});

test("is empty when nothing changes", () => {
  expect(printUnifiedDiff({ path: "a.txt", before: "a\n", after: "a\n" })).toBe("");
});

test.for([
  ["a file that comes", undefined, "a\nb\n"],
  ["a file that goes", "a\nb\n", undefined],
  ["the first line", "a\nb\n", "x\na\nb\n"],
  ["the last line", "a\nb\n", "a\nb\nc\n"],
  ["everything", "a\nb\n", "c\nd\ne\n"],
  ["a file without its last line end", "a\nb", "a\nb\nc"],
  ["a line end that comes at last", "a\nb", "a\nb\n"],
  ["a line end that goes at last", "a\nb\n", "a\nb"],
  ["line ends alone", "a\r\nb\r\n", "a\nb\r\n"],
  ["a file with a byte order mark", "\uFEFFa\r\nb\r\n", "\uFEFFa\r\nnew\r\nb\r\n"],
  ["an empty file", "", "a\n"],
  ["changes far apart", lines(1, 100), lines(2, 50) + "x\n" + lines(51, 99)],
  [
    "more than is compared line by line",
    lines(1, 2100),
    "x\n" + lines(1, 2100).replaceAll("1", "i"),
  ],
] as const)("git applies %s", async ([, before, after]) => {
  const folder = await temporaryFolder();
  const file = join(folder, "a.txt");
  if (before !== undefined) await writeFile(file, before);
  const input = printUnifiedDiff({ path: "a.txt", before, after });
  execFileSync("git", ["apply", "--whitespace=nowarn", "-"], { cwd: folder, input });
  expect(existsSync(file) ? await readFile(file, "utf8") : undefined).toBe(after);
});
