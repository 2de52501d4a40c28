import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { ServerMessage } from "../servers/announce.ts";
import { askLiveUsage, askUsage } from "../servers/announce.ts";
import { pinned } from "./cores.ts";

const startLimitMs = 15_000;

/** What a server has used so far. */
export type Usage = Extract<ServerMessage, { kind: "usage" }>;

/** A server in a process of its own, run by plain Node from what was built. */
export class ServerProcess {
  readonly port: number;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, port: number) {
    this.#child = child;
    this.port = port;
  }

  /**
   * Starts `servers/<script>.js` on `core`, with `flags` for Node. Throws with what it printed when it does not
   * listen.
   */
  static async start(
    script: string,
    core: number | undefined,
    flags: readonly string[] = [],
  ): Promise<ServerProcess> {
    const path = fileURLToPath(new URL(`../servers/${script}.js`, import.meta.url));
    const [command = process.execPath, ...args] = pinned(core, [process.execPath, ...flags, path]);
    const child = spawn(command, args, {
      stdio: ["ignore", "ignore", "pipe", "ipc"],
      env: { ...process.env, NODE_ENV: "production" },
    });
    const printed: Buffer[] = [];
    child.stderr?.on("data", (chunk: Buffer) => printed.push(chunk));
    try {
      const { port } = await nextMessage(child, "listening", startLimitMs);
      return new ServerProcess(child, port);
    } catch (error) {
      child.kill("SIGKILL");
      const details = Buffer.concat(printed).toString("utf8").trim();
      throw new Error(`server "${script}" did not start: ${details || String(error)}`, {
        cause: error,
      });
    }
  }

  /** What the server has used so far: microseconds of CPU, and the bytes of memory that it occupies. */
  async usage(): Promise<Usage> {
    return this.#ask(askUsage);
  }

  /** The same without garbage; needs the flag `--expose-gc`. */
  async liveUsage(): Promise<Usage> {
    return this.#ask(askLiveUsage);
  }

  /** Ends the process, and resolves when it is gone. */
  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const gone = once(this.#child, "exit");
    this.#child.kill("SIGKILL"); // nothing here is worth a graceful end
    await gone;
  }

  async #ask(question: string): Promise<Usage> {
    const answer = nextMessage(this.#child, "usage", startLimitMs);
    this.#child.send(question);
    return answer;
  }
}

async function nextMessage<K extends ServerMessage["kind"]>(
  child: ChildProcess,
  kind: K,
  limitMs: number,
): Promise<Extract<ServerMessage, { kind: K }>> {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(), limitMs);
  const onExit = (): void => controller.abort();
  child.once("exit", onExit);
  try {
    const [message] = (await once(child, "message", { signal: controller.signal })) as [
      ServerMessage,
    ];
    if (message.kind !== kind) throw new Error(`expected "${kind}", got "${message.kind}"`);
    return message as Extract<ServerMessage, { kind: K }>;
  } finally {
    clearTimeout(timer);
    child.off("exit", onExit);
  }
}
