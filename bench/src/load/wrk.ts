import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { inTempFolder } from "../temp-folder.ts";
import type { LoadGenerator, LoadJob, LoadResult, Work } from "./load.ts";
import { runPinned } from "./run-process.ts";

/** HTTP/1.1 by wrk (a generator in C). */
export function createWrk(core: number | undefined): LoadGenerator {
  return {
    name: "wrk",
    maxBodyBytes: Number.POSITIVE_INFINITY,
    run: (job) =>
      inTempFolder(async (folder) => {
        const script = join(folder, "request.lua");
        await writeFile(script, toLua(job.work));
        return parseWrk(await runPinned(core, toCommand(job, script), job.seconds));
      }),
  };
}

/** Reads wrk's report. Throws when a request failed. */
export function parseWrk(report: string): LoadResult {
  const requests = Number(/(\d+) requests in/.exec(report)?.[1]);
  const requestsPerSecond = Number(/Requests\/sec:\s*([\d.]+)/.exec(report)?.[1]);
  const failure = /Non-2xx or 3xx responses: .*|Socket errors: .*/.exec(report)?.[0];
  if (failure !== undefined) throw new Error(`wrk reports failed requests: ${failure}`);
  if (!(requests > 0 && requestsPerSecond > 0)) throw new Error(`unexpected report: ${report}`);
  return { requests, requestsPerSecond };
}

function toCommand(job: LoadJob, script: string): string[] {
  const url = `http://127.0.0.1:${job.port}${job.work.path}`;
  const connections = String(job.pressure.connections);
  return ["wrk", "-t1", "-c", connections, "-d", `${Math.ceil(job.seconds)}s`, "-s", script, url];
}

function toLua(work: Work): string {
  const lines = [`wrk.method = ${quote(work.method)}`];
  for (const [name, value] of Object.entries(work.headers)) {
    lines.push(`wrk.headers[${quote(name)}] = ${quote(value)}`);
  }
  if (work.body !== undefined) lines.push(`wrk.body = ${quote(Buffer.from(work.body))}`);
  return `${lines.join("\n")}\n`;
}

/** A Lua string with every byte escaped that could mean something. */
function quote(value: string | Buffer): string {
  const bytes = Array.from(Buffer.from(value), (byte) => `\\${String(byte).padStart(3, "0")}`);
  return `"${bytes.join("")}"`;
}
