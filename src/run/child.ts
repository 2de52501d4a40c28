import { spawn } from "node:child_process";
import { Socket } from "node:net";
import { constants } from "node:os";

/** A running program. */
export interface Child {
  /** Resolves to its exit code; 128 + n when signal n ended it, as shells count. */
  readonly exited: Promise<number>;
  kill(signal: NodeJS.Signals): void;
}

/** What to start. */
export interface ChildOptions {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** The first file descriptor after those of the inputs and outputs. */
const lifeline = 3;

/**
 * Starts a program that shares this process's input and outputs. It gets a pipe besides, on which nothing is
 * ever sent: its end tells dist/end-with-parent.js that this process is gone.
 */
export function startChild(options: ChildOptions): Child {
  const child = spawn(options.command, options.args, {
    cwd: options.cwd,
    env: { ...options.env, KRATOS_TS_LIFELINE: String(lifeline) },
    stdio: ["inherit", "inherit", "inherit", "pipe"],
  });
  const pipe = child.stdio[lifeline];
  pipe?.on("error", () => undefined); // the program's end is told by "exit"
  // What the program leaves running may hold the other end, and shall not hold us.
  if (pipe instanceof Socket) pipe.unref();
  const exited = new Promise<number>((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code, signal) => {
      resolve(code ?? 128 + constants.signals[signal ?? "SIGKILL"]);
    });
  });
  return { exited, kill: (signal) => void child.kill(signal) };
}

/** Asks `child` to end, and ends it for good after `patience` milliseconds. */
export async function stopChild(child: Child, patience: number): Promise<void> {
  child.kill("SIGTERM");
  const timer = setTimeout(() => child.kill("SIGKILL"), patience);
  await child.exited;
  clearTimeout(timer);
}
