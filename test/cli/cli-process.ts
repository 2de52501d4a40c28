import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));
/** The CLI's executable in this repository. */
export const bin: string = join(root, "bin/kratos-ts.js");

/** How a command ended and what it printed. */
export interface CliResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Where and how to run the CLI. */
export interface CliOptions {
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
  /** The executable; default: this repository's. */
  readonly bin?: string;
}

/** A CLI that runs. */
export interface RunningCli {
  readonly process: ChildProcess;
  readonly result: Promise<CliResult>;
  /** Resolves once the output, of both kinds, holds `text` after what was waited for before. */
  printed(text: string): Promise<void>;
}

/** Runs the built CLI as a user would, to its end. */
export function runCli(args: readonly string[], options: CliOptions): Promise<CliResult> {
  return startCli(args, options).result;
}

/** Starts the built CLI; it is killed when the test is over. */
export function startCli(args: readonly string[], options: CliOptions): RunningCli {
  const child = spawn(process.execPath, [options.bin ?? bin, ...args], {
    cwd: options.cwd,
    env: { ...withoutVitest(), ...options.env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let all = "";
  let seen = 0;
  let closed = false;
  let stdout = "";
  let stderr = "";
  let wakers: (() => void)[] = [];
  const wake = (): void => {
    const woken = wakers;
    wakers = [];
    for (const each of woken) each();
  };
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
    all += text;
    wake();
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
    all += text;
    wake();
  });
  const result = new Promise<CliResult>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => {
      closed = true;
      resolve({ code, stdout, stderr });
      wake();
    });
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  return {
    process: child,
    result,
    async printed(text) {
      for (;;) {
        const at = all.indexOf(text, seen);
        if (at !== -1) {
          seen = at + text.length;
          return;
        }
        if (closed) throw new Error(`ended without "${text}", after:\n${all}`);
        await new Promise<void>((resolve) => wakers.push(resolve));
      }
    },
  };
}

/** Vitest's own variables would change colours and modes. */
function withoutVitest(): NodeJS.ProcessEnv {
  const { NODE_ENV: _mode, FORCE_COLOR: _color, NO_COLOR: _noColor, CI: _ci, ...env } = process.env;
  return env;
}
