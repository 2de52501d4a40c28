import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

/** The process that is attacked. */
export class Target {
  readonly port: number;
  readonly #process: ChildProcess;

  private constructor(child: ChildProcess, port: number) {
    this.#process = child;
    this.port = port;
  }

  static async start(): Promise<Target> {
    const script = fileURLToPath(new URL("server.ts", import.meta.url));
    const child = fork(script, [], { execArgv: [...process.execArgv, "--expose-gc"] });
    const [{ port }] = (await once(child, "message")) as [{ port: number }];
    return new Target(child, port);
  }

  get alive(): boolean {
    return this.#process.exitCode === null;
  }

  /** Resident memory after a collection of garbage, in bytes. */
  async memory(): Promise<number> {
    this.#process.send("memory");
    const [{ memory }] = (await once(this.#process, "message")) as [{ memory: number }];
    return memory;
  }

  async stop(): Promise<void> {
    const gone = once(this.#process, "exit");
    this.#process.send("stop");
    await gone;
  }
}
