import { setTimeout as delay } from "node:timers/promises";
import { ServerProcess } from "../measure/server-process.ts";
import { mebibyte } from "./mebibyte.ts";
import type { Transfer } from "./transfer.ts";

const warmUpBytes = 64 * mebibyte;
/** Milliseconds between looks at a server. */
const interval = 50;

/** What a server occupied while bytes went through it. */
export interface TransferResult {
  readonly moved: number;
  readonly seconds: number;
  /** Bytes occupied after a warm-up. */
  readonly before: number;
  /** The most by which it grew beyond that. */
  readonly growth: number;
}

/** Sends `bytes` through a new server, and watches what it occupies. */
export async function watchTransfer(
  { server: script, move }: Transfer,
  bytes: number,
): Promise<TransferResult> {
  const server = await ServerProcess.start(script, undefined);
  try {
    await move(server.port, warmUpBytes);
    const { rss: before } = await server.usage();
    let peak = before;
    const over = new AbortController();
    const watching = (async () => {
      while (!over.signal.aborted) {
        peak = Math.max(peak, (await server.usage()).rss);
        await delay(interval);
      }
    })();
    const start = performance.now();
    const moved = await move(server.port, bytes);
    const seconds = (performance.now() - start) / 1000;
    over.abort();
    await watching;
    return { moved, seconds, before, growth: peak - before };
  } finally {
    await server.stop();
  }
}
