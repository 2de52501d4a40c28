import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";

/** Which core servers run on, and which the load generator; `undefined`: the system decides. */
export interface Cores {
  readonly server: number | undefined;
  readonly load: number | undefined;
}

/** Two cores of those that this process may use, when there are two and `taskset` can pin to them. */
export function findCores(): Cores {
  const allowed = process.platform === "linux" ? allowedCores() : [];
  const [server] = allowed;
  const load = allowed.at(-1);
  if (allowed.length < 2 || spawnSync("taskset", ["--version"]).status !== 0) {
    return { server: undefined, load: undefined };
  }
  return { server, load };
}

/** `command` with what pins it to `core` in front. */
export function pinned(core: number | undefined, command: readonly string[]): readonly string[] {
  return core === undefined ? command : ["taskset", "-c", String(core), ...command];
}

function allowedCores(): number[] {
  const status = readFileSync("/proc/self/status", "utf8");
  const list = /^Cpus_allowed_list:\s*(\S+)$/m.exec(status)?.[1] ?? "";
  return list.split(",").flatMap((range) => {
    const [first = 0, last = first] = range.split("-").map(Number);
    return Array.from({ length: last - first + 1 }, (_, index) => first + index);
  });
}
