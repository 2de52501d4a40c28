import { execFile } from "node:child_process";
import { mkdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, onTestFinished, test } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));

/** Pages whose blocks of TypeScript are whole files of a service beside the order service's `api`. */
const pages = [
  "docs/grpc-client.md",
  "docs/grpc-server.md",
  "docs/grpc-web-and-connect.md",
  "docs/http-client.md",
  "docs/http-server.md",
  "docs/openapi.md",
  "docs/testing.md",
];

test("code on pages passes the compiler", async () => {
  const folder = join(root, ".cache", `docs-code-${process.pid}`);
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  await mkdir(join(folder, "blocks"), { recursive: true });
  await symlink(join(root, "examples/order-service/api"), join(folder, "api"));
  let count = 0;
  for (const page of pages) {
    const text = await readFile(join(root, page), "utf8"); // oxlint-disable-line no-await-in-loop -- few pages
    for (const [, code = ""] of text.matchAll(/^```ts\n(.*?)^```$/gms)) {
      count += 1;
      const name = `${page.replaceAll(/\W/g, "-")}-${count}.ts`;
      await writeFile(join(folder, "blocks", name), code); // oxlint-disable-line no-await-in-loop -- few pages
    }
  }
  expect(count).toBeGreaterThanOrEqual(pages.length);
  const tsconfig = join(folder, "tsconfig.json");
  const config = {
    extends: join(root, "tsconfig.json"),
    include: ["blocks", join(root, "test/browser-names.d.ts")],
    exclude: [],
  };
  await writeFile(tsconfig, JSON.stringify(config));
  const tsc = join(root, "node_modules/typescript/bin/tsc");
  const outcome = await promisify(execFile)(process.execPath, [tsc, "-p", tsconfig]).then(
    () => "",
    (error: { readonly stdout: string }) => error.stdout,
  );
  expect(outcome).toBe("");
});
