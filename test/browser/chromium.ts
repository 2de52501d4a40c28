import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";

const names = ["chromium", "chromium-browser", "google-chrome"];

/** The browser of `CHROMIUM`, or of the path. Throws when there is none. */
export function findChromium(): string {
  const folders = (process.env["PATH"] ?? "").split(delimiter);
  const found =
    process.env["CHROMIUM"] ??
    names.flatMap((name) => folders.map((folder) => join(folder, name))).find(existsSync);
  if (found === undefined) throw new Error("no chromium in the path, set CHROMIUM to where it is");
  return found;
}

/** Opens a page in a browser of its own, until the returned function is called. */
export async function openPage(url: string): Promise<() => Promise<void>> {
  const profile = await mkdtemp(join(tmpdir(), "chromium-"));
  const process = spawn(
    findChromium(),
    [
      "--headless=new",
      "--no-sandbox", // it runs as root in containers, and opens this one page
      "--disable-gpu",
      "--disable-dev-shm-usage",
      "--disable-background-networking",
      "--disable-component-update",
      "--no-first-run",
      "--no-proxy-server",
      `--user-data-dir=${profile}`,
      url,
    ],
    { stdio: "ignore", detached: true },
  );
  const exit = once(process, "exit");
  await once(process, "spawn");
  return async () => {
    // It has children; they are its process group.
    globalThis.process.kill(-process.pid!, "SIGKILL");
    await exit;
    await rm(profile, { recursive: true, force: true, maxRetries: 5 });
  };
}
