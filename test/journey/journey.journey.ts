import { cp, mkdtemp, readdir, readFile, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { must, run, startUntil, type Running } from "./shell.ts";

// One story in order: each test goes on where the one before ended.
const checkout = fileURLToPath(new URL("../..", import.meta.url));
const proto = "api/order/v1/order.proto";
const serving = /listening[^]*listening/;
let home: string;
let project: string;

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), "kratos-ts-journey-"));
  project = join(home, "order-service");
});
afterAll(() => rm(home, { recursive: true, force: true }));

/** Runs `work` against a started service, and sees that it then stops cleanly. */
async function whileRunning(service: Promise<Running>, work: () => Promise<void>): Promise<void> {
  const running = await service;
  try {
    await work();
  } catch (error) {
    await running.stop();
    throw new Error(`the service printed:\n${running.output()}`, { cause: error });
  }
  // npx passes SIGTERM on and then dies of it; the service itself says how it ended.
  expect([0, null]).toContain(await running.stop());
  expect(running.output()).toContain("app stopped");
}

async function greets(): Promise<void> {
  const reply = await fetch("http://localhost:8000/helloworld/kratos");
  expect(reply.status).toBe(200);
  expect(await reply.json()).toMatchObject({ message: "Hello kratos" });
}

async function answersEveryOrderRoute(): Promise<void> {
  const text = await readFile(join(project, proto), "utf8");
  const rules = [...text.matchAll(/\b(get|post|put|patch|delete): "([^"]+)"/g)];
  expect(rules.length).toBeGreaterThanOrEqual(5);
  for (const [, verb = "", path = ""] of rules) {
    const reply = await fetch(`http://localhost:8000${path.replace(/\{[^}]+\}/g, "42")}`, {
      method: verb.toUpperCase(),
      headers: { "content-type": "application/json" },
      ...(verb === "get" || verb === "delete" ? {} : { body: "{}" }),
    });
    // The stubs say so themselves, in the shape of every error.
    expect([verb, path, reply.status]).toEqual([verb, path, 501]);
    expect(await reply.json()).toMatchObject({ code: 501, reason: "NOT_IMPLEMENTED" });
  }
}

/** Every file of the project but what was installed, as one text each. */
async function snapshot(folder: string): Promise<Map<string, string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries
    .filter(
      (entry) =>
        entry.isFile() && !/node_modules|\/(dist|data|vendor)(\/|$)/.test(entry.parentPath),
    )
    .map((entry) => join(entry.parentPath, entry.name));
  return new Map(
    await Promise.all(files.map(async (file) => [file, await readFile(file, "utf8")] as const)),
  );
}

test("one command makes a project, installs it, generates and serves it", async () => {
  const service = startUntil(serving, checkout, "npx", "kratos-ts", "new", project, "--start");
  await whileRunning(service, greets);
});

test("a proto is added, generated and served with nothing edited", async () => {
  await must(project, "npx", "kratos-ts", "proto", "add", proto);
  await must(project, "npx", "kratos-ts", "proto", "client", proto);
  await must(project, "npx", "kratos-ts", "proto", "server", proto, "-t", "internal/service");
  expect(await must(project, "npx", "kratos-ts", "proto", "client", proto)).toContain(
    "0 files written",
  );
  await must(project, "npm", "run", "typecheck");
  await must(project, "npm", "run", "lint");
  await must(project, "npm", "test");
  await whileRunning(startUntil(serving, project, "npx", "kratos-ts", "run"), async () => {
    await greets();
    await answersEveryOrderRoute();
  });
});

test("repeating the generators changes no byte", async () => {
  const before = await snapshot(project);
  await must(project, "npx", "kratos-ts", "proto", "client", proto);
  await must(project, "npx", "kratos-ts", "proto", "server", proto, "-t", "internal/service");
  expect(await snapshot(project)).toEqual(before);
});

test("the project works after it was moved to another folder", async () => {
  const moved = join(home, "elsewhere", "orders");
  await cp(project, moved, { recursive: true, verbatimSymlinks: true });
  await rename(project, join(home, "gone"));
  project = moved;
  await must(project, "npx", "kratos-ts", "proto", "client", "api");
  await whileRunning(startUntil(serving, project, "npx", "kratos-ts", "run"), greets);
});

test("a git clone of the project installs, builds and starts with plain node, without the tools", async () => {
  const git = ["-c", "user.name=someone", "-c", "user.email=someone@example.com"];
  await must(project, "git", "init", "-q");
  await must(project, "git", "add", "-A");
  await must(project, "git", ...git, "commit", "-qm", "all");
  const clone = join(home, "clone");
  await must(home, "git", "clone", "-q", project, clone);
  await must(clone, "npm", "ci");
  await must(clone, "npm", "run", "build");
  await must(clone, "npm", "ci", "--omit=dev");
  const installed = await readdir(join(clone, "node_modules"), { recursive: true });
  expect(
    installed.filter((path) => /(^|\/)(prettier|typescript|kratos-ts|@bufbuild\/buf)$/.test(path)),
  ).toEqual([]);
  const service = startUntil(serving, clone, "node", "dist/cmd/order-service/main.js");
  await whileRunning(service, greets);
  expect((await run(clone, "git", "status", "--porcelain")).output).toBe("");
});
