import { Agent, request } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";

/** What an ordinary client went through while others attacked. */
export interface Experience {
  readonly requests: number;
  /** Those that were not answered with 200. */
  readonly failures: number;
  /** In milliseconds. */
  readonly median: number;
  /** In milliseconds. */
  readonly worst: number;
}

/** An ordinary client, which asks every few milliseconds over one connection. */
export class Bystander {
  readonly #port: number;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 });
  readonly #times: number[] = [];
  #failures = 0;
  #stopped = false;
  readonly #run: Promise<void>;

  constructor(port: number) {
    this.#port = port;
    this.#run = this.#askOn();
  }

  async stop(): Promise<Experience> {
    this.#stopped = true;
    await this.#run;
    this.#agent.destroy();
    const times = this.#times.toSorted((a, b) => a - b);
    return {
      requests: times.length,
      failures: this.#failures,
      median: times[times.length >> 1] ?? 0,
      worst: times.at(-1) ?? 0,
    };
  }

  async #askOn(): Promise<void> {
    while (!this.#stopped) {
      const start = performance.now();
      const status = await this.#ask(); // oxlint-disable-line no-await-in-loop -- one after the other
      this.#times.push(performance.now() - start);
      if (status !== 200) this.#failures++;
      await sleep(10); // oxlint-disable-line no-await-in-loop -- as above
    }
  }

  #ask(): Promise<number> {
    return new Promise((resolve) => {
      const options = { port: this.#port, host: "127.0.0.1", path: "/v1", agent: this.#agent };
      const asked = request(options, (response) => {
        response.resume().once("end", () => resolve(response.statusCode ?? 0));
      });
      asked.once("error", () => resolve(0)).end();
    });
  }
}
