import { spawn } from "node:child_process";
import { env as processEnv, kill, platform } from "node:process";

/** How git ended. */
export interface GitResult {
  readonly outcome: "done" | "failed" | "timeout" | "cancelled" | "missing";
  /** What git had to say; empty when it spoke to the user directly. */
  readonly stderr: string;
}

/** How to run git. */
export interface GitOptions {
  /** Milliseconds. */
  readonly timeout: number;
  /** Whether git may ask the user, and shows its progress. */
  readonly interactive: boolean;
  readonly signal: AbortSignal;
}

/** Instead of a question that nobody answers, git fails and says why. */
const quiet = {
  GIT_TERMINAL_PROMPT: "0",
  GIT_ASKPASS: "true",
  GIT_SSH_COMMAND: "ssh -o BatchMode=yes",
};

/**
 * Runs git to its end. git's helpers outlive it when it alone is killed, and keep its output open; so it gets
 * a process group of its own where it needs no terminal, and all of them are ended together.
 */
export function runGit(args: readonly string[], options: GitOptions): Promise<GitResult> {
  const { interactive, signal, timeout } = options;
  const grouped = !interactive && platform !== "win32";
  const child = spawn("git", args, {
    env: interactive ? processEnv : { ...processEnv, ...quiet },
    stdio: interactive ? "inherit" : ["ignore", "ignore", "pipe"],
    detached: grouped,
  });
  let stderr = "";
  child.stderr?.setEncoding("utf8").on("data", (text: string) => (stderr += text));

  return new Promise((resolve) => {
    let cut: "timeout" | "cancelled" | undefined;
    const end = (why: "timeout" | "cancelled"): void => {
      cut ??= why;
      if (child.pid === undefined) return;
      try {
        if (grouped) kill(-child.pid, "SIGTERM");
        else child.kill("SIGTERM");
      } catch {
        // It has ended by itself in the meantime.
      }
    };
    const cancel = (): void => end("cancelled");
    const timer = setTimeout(() => end("timeout"), timeout);
    signal.addEventListener("abort", cancel, { once: true });
    const settle = (outcome: GitResult["outcome"]): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", cancel);
      resolve({ outcome, stderr });
    };
    child.once("error", () => settle("missing"));
    child.once("close", (code) => settle(code === 0 ? "done" : (cut ?? "failed")));
  });
}
