import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { run, startUntil, type Running } from "./shell.ts";

// Does what README.md's guide says, word for word and in its order, and compares what is printed.
const checkout = fileURLToPath(new URL("../..", import.meta.url));
let home: string;
let service: Running | undefined;

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), "kratos-ts-readme-"));
});
afterAll(async () => {
  await service?.stop();
  await rm(home, { recursive: true, force: true });
});

interface Block {
  readonly language: string;
  readonly text: string;
}

function readBlocks(markdown: string): Block[] {
  return [...markdown.matchAll(/^```(\w+)\n([^]*?)^```$/gm)].map(
    ([, language = "", text = ""]) => ({
      language,
      text,
    }),
  );
}

/** The commands of a `console` block, each with what it prints. */
function readCommands(text: string): { command: string; output: string }[] {
  return text
    .split(/^\$ /m)
    .slice(1)
    .map((part) => {
      const end = part.indexOf("\n");
      return { command: part.slice(0, end), output: part.slice(end + 1).trimEnd() };
    });
}

/** Without what differs from run to run, and without npm's own remarks. */
function normalise(output: string): string {
  return output
    .replace(/^npm (warn|notice).*\n?/gm, "")
    .replace(/\(\d+(\.\d+)? s\)/g, "(… s)")
    .trimEnd();
}

/** Writes the file that the first line names, or puts a method in the place of its stub. */
async function insertCode(project: string, code: string): Promise<void> {
  const [, path] = /^\/\/ (\S+\.ts)\n/.exec(code) ?? [];
  if (path === undefined) return insertMethod(project, code);
  await mkdir(dirname(join(project, path)), { recursive: true });
  await writeFile(join(project, path), code);
}

async function insertMethod(project: string, method: string): Promise<void> {
  const file = join(project, "internal/service/order.ts");
  const text = await readFile(file, "utf8");
  const stub = /^ {2}async createOrder\([^]*?^ {2}\}\n/m;
  expect(text).toMatch(stub);
  await writeFile(
    file,
    text.replace(stub, () => method),
  );
}

async function replaceRule(project: string, rule: string): Promise<void> {
  const file = join(project, "api/order/v1/order.proto");
  const text = await readFile(file, "utf8");
  const old = /option \(google\.api\.http\) = \{get: "\/v1\/orders\/\{order_id\}"\};/;
  expect(text).toMatch(old);
  await writeFile(
    file,
    text.replace(old, () => rule.trim()),
  );
}

/** What `curl` answers once it is `expected`, else what it answers after half a minute. */
async function answerOf(project: string, curl: string, expected: string): Promise<string> {
  service ??= await startUntil(/listening[^]*listening/, project, "npx", "kratos-ts", "run");
  const end = Date.now() + 30_000;
  // `run` starts the service again after a change; the answer comes once it has.
  for (;;) {
    const { output } = await run(project, "sh", "-c", `${curl} -s`);
    if (output === expected || Date.now() > end) return output;
    await setTimeout(200);
  }
}

test("the guide of the README works as printed", async () => {
  const readme = await readFile(join(checkout, "README.md"), "utf8");
  const guide = readme.split("## From nothing to an answer")[1]!.split("\n## ")[0]!;
  const project = join(home, "order-service");
  const wanted: unknown[] = [];
  const seen: unknown[] = [];
  for (const { language, text } of readBlocks(guide)) {
    if (language === "ts") await insertCode(project, text);
    if (language === "proto") await replaceRule(project, text);
    for (const { command, output } of language === "console" ? readCommands(text) : []) {
      const code = output.includes(" error: ") ? 1 : 0;
      wanted.push([command, normalise(output), code]);
      if (command.startsWith("curl ")) {
        seen.push([command, await answerOf(project, command, output), 0]);
        continue;
      }
      // The guide begins in the checkout, and goes on in the project.
      const printed = command.startsWith("npx kratos-ts new ")
        ? await run(checkout, "sh", "-c", command.replace("../order-service", project))
        : await run(project, "sh", "-c", command);
      const told = printed.output.replaceAll(/(\.\.\/)+\S*kratos-ts-readme-\w+\//g, "../");
      seen.push([command, normalise(told), printed.code]);
    }
  }
  expect(wanted.length).toBeGreaterThanOrEqual(7);
  expect(seen).toEqual(wanted);
});
