import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { inTempFolder } from "../temp-folder.ts";
import type { LoadGenerator, LoadJob, LoadResult } from "./load.ts";
import { runPinned } from "./run-process.ts";

/** HTTP/2 by h2load (of nghttp2, a generator in C++). */
export function createH2load(core: number | undefined): LoadGenerator {
  return {
    name: "h2load",
    maxBodyBytes: Number.POSITIVE_INFINITY,
    run: (job) =>
      inTempFolder(async (folder) => {
        const body = join(folder, "body");
        await writeFile(body, job.work.body ?? new Uint8Array());
        return parseH2load(await runPinned(core, toCommand(job, body), job.seconds));
      }),
  };
}

/** Reads h2load's report. Throws when a request failed. */
export function parseH2load(report: string): LoadResult {
  const requestsPerSecond = Number(/finished in [^,]+, ([\d.]+) req\/s/.exec(report)?.[1]);
  const requests = Number(/(\d+) succeeded/.exec(report)?.[1]);
  const failures = [/(\d+) failed/, /(\d+) errored/, /(\d+) timeout/, /(\d+) 4xx/, /(\d+) 5xx/];
  for (const pattern of failures) {
    const found = pattern.exec(report);
    if (found !== null && Number(found[1]) > 0) {
      throw new Error(`h2load reports failed requests: ${found[0]}`);
    }
  }
  if (!(requests > 0 && requestsPerSecond > 0)) throw new Error(`unexpected report: ${report}`);
  return { requests, requestsPerSecond };
}

function toCommand(job: LoadJob, body: string): string[] {
  const { connections, streams } = job.pressure;
  const headers = Object.entries(job.work.headers).flatMap(([name, value]) => [
    "-H",
    `${name}: ${value}`,
  ]);
  return [
    "h2load",
    "-t1",
    `-c${connections}`,
    `-m${streams}`,
    `-D${Math.round(job.seconds * 1000)}ms`,
    ...headers,
    `-d${body}`,
    `http://127.0.0.1:${job.port}${job.work.path}`,
  ];
}
