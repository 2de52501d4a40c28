import type { LoadGenerator, Work } from "../load/load.ts";
import { ServerProcess, type Usage } from "../measure/server-process.ts";

/** Calls between two looks at a server. */
const step = 100_000;
const slotSeconds = 1;

/** What a server occupied while it was called. */
export interface CallsResult {
  readonly calls: number;
  readonly seconds: number;
  /** Without garbage: after the first step, when everything is compiled, and after each that followed. */
  readonly usages: readonly Usage[];
}

/** Calls a new server `calls` times, and looks at its memory after each hundred thousand. */
export async function watchCalls(
  script: string,
  work: Work,
  load: LoadGenerator,
  calls: number,
): Promise<CallsResult> {
  const server = await ServerProcess.start(script, undefined, ["--expose-gc"]);
  try {
    const usages: Usage[] = [];
    const start = performance.now();
    let done = 0;
    while (done < calls) {
      const { requests } = await load.run({
        port: server.port,
        work,
        pressure: { connections: 10, streams: 10 },
        seconds: slotSeconds,
      });
      done += requests;
      if (done >= step * (usages.length + 1) || done >= calls) {
        usages.push(await server.liveUsage());
      }
    }
    return { calls: done, seconds: (performance.now() - start) / 1000, usages };
  } finally {
    await server.stop();
  }
}
