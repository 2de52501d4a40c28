import { execFile, spawnSync } from "node:child_process";
import { promisify } from "node:util";
import { pinned } from "../measure/cores.ts";

const execute = promisify(execFile);

/** Whether `command` can be run. */
export function isInstalled(command: string): boolean {
  return spawnSync(command, ["--version"]).error === undefined;
}

/** Runs `command` on `core` and returns what it printed. Throws when it fails or outlives its time. */
export async function runPinned(
  core: number | undefined,
  command: readonly string[],
  seconds: number,
): Promise<string> {
  const [file = "", ...args] = pinned(core, command);
  const timeout = (seconds + 20) * 1000;
  const { stdout } = await execute(file, args, { timeout, maxBuffer: 16 * 1024 * 1024 });
  return stdout;
}
