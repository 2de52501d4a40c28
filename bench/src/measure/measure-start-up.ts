import { spawn } from "node:child_process";
import { once } from "node:events";
import { access } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { inTempFolder } from "../temp-folder.ts";
import type { Spread } from "./statistics.ts";
import { orderInRound, spreadOf } from "./statistics.ts";

/** How long the CLI takes to start. */
export interface StartUpResult {
  /** Milliseconds of `node -e 0`. */
  readonly node: Spread;
  /** Milliseconds of `kratos-ts --help`. */
  readonly help: Spread;
  /** The second divided by the first, round by round. */
  readonly helpRatio: Spread;
  /** Seconds of `kratos-ts new <folder> --no-install`. */
  readonly newProject: Spread;
}

// This file runs from bench/dist/src/measure.
const cli = fileURLToPath(new URL("../../../../bin/kratos-ts.js", import.meta.url));
const runsPerRound = 5;

/** Measures whole processes, one after the other. Throws when one fails. */
export async function measureStartUp(
  rounds: number,
  onStep: (step: string) => void,
): Promise<StartUpResult> {
  const commands = { node: ["-e", "0"], help: [cli, "--help"] };
  const names = ["node", "help"] as const;
  const times = { node: [] as number[], help: [] as number[] };
  onStep("start-up: --help");
  for (const name of names) await timeOf(commands[name]); // fills the file cache
  for (let round = 0; round < rounds * runsPerRound; round++) {
    for (const name of orderInRound(names, round)) times[name].push(await timeOf(commands[name]));
  }
  const created: number[] = [];
  for (let round = 0; round <= rounds; round++) {
    onStep(`start-up: new, round ${round} of ${rounds}`);
    const seconds = await timeOfNewProject();
    if (round > 0) created.push(seconds);
  }
  return {
    node: spreadOf(times.node),
    help: spreadOf(times.help),
    helpRatio: spreadOf(times.help.map((time, run) => time / (times.node[run] ?? NaN))),
    newProject: spreadOf(created),
  };
}

function timeOfNewProject(): Promise<number> {
  return inTempFolder(async (folder) => {
    const project = join(folder, "order-service");
    const milliseconds = await timeOf([cli, "new", project, "--no-install", "--yes"], folder);
    await access(join(project, "package.json"));
    return milliseconds / 1000;
  });
}

/** Milliseconds until Node has run `args` to its end. */
async function timeOf(args: readonly string[], cwd?: string): Promise<number> {
  const start = performance.now();
  const child = spawn(process.execPath, [...args], {
    stdio: ["ignore", "ignore", "pipe"],
    env: { ...process.env, CI: "true" },
    ...(cwd === undefined ? {} : { cwd }),
  });
  const printed: Buffer[] = [];
  child.stderr.on("data", (chunk: Buffer) => printed.push(chunk));
  const [code] = await once(child, "close");
  if (code !== 0) {
    const details = Buffer.concat(printed).toString("utf8").trim();
    throw new Error(`"node ${args.join(" ")}" failed with ${String(code)}: ${details}`);
  }
  return performance.now() - start;
}
