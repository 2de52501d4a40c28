/**
 * `npm run bench:memory`: how much a server grows while a gibibyte goes through it, in and out, and while
 * nobody reads what it sends. `--mebibytes <n>` for less, `--gate` to exit with 1 when it grows too much.
 */
import { request as httpRequest } from "node:http";
import { once } from "node:events";
import { text as readText } from "node:stream/consumers";
import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";
import { ServerProcess } from "./measure/server-process.ts";

const mebibyte = 1024 * 1024;
/** What a server may grow beyond what it occupied after a warm-up: garbage that waits to be collected. */
const maxGrowth = 64 * mebibyte;

interface Scenario {
  readonly title: string;
  /** Moves so many bytes; resolves with how many arrived. */
  readonly move: (port: number, bytes: number) => Promise<number>;
}

const scenarios: readonly Scenario[] = [
  { title: "upload", move: upload },
  { title: "download", move: (port, bytes) => download(port, `/v1/downloads?bytes=${bytes}`) },
  { title: "server-sent events", move: watch },
  { title: "events that nobody reads, 5 s", move: watchWithoutReading },
];

const { values } = parseArgs({
  options: {
    mebibytes: { type: "string", default: "1024" },
    gate: { type: "boolean", default: false },
  },
});
const bytes = Number(values.mebibytes) * mebibyte;

for (const { title, move } of scenarios) {
  const server = await ServerProcess.start("http/bulk", undefined);
  try {
    await move(server.port, 64 * mebibyte);
    const { rss: before } = await server.usage();
    let peak = before;
    const over = new AbortController();
    const watching = (async () => {
      while (!over.signal.aborted) {
        peak = Math.max(peak, (await server.usage()).rss);
        await delay(50);
      }
    })();
    const start = performance.now();
    const moved = await move(server.port, bytes);
    const seconds = (performance.now() - start) / 1000;
    over.abort();
    await watching;
    const growth = peak - before;
    const figures = [
      `${(moved / mebibyte).toFixed(0)} MiB`,
      `${(moved / mebibyte / seconds).toFixed(0)} MiB/s`,
      `${(before / mebibyte).toFixed(0)} MiB before`,
      `+${(growth / mebibyte).toFixed(0)} MiB at most`,
    ];
    console.log(`${title.padEnd(32)}${figures.map((figure) => figure.padStart(18)).join("")}`);
    if (values.gate && growth > maxGrowth) {
      console.error(`error: the server grew by more than ${maxGrowth / mebibyte} MiB`);
      process.exitCode = 1;
    }
  } finally {
    await server.stop();
  }
}

async function upload(port: number, size: number): Promise<number> {
  const request = httpRequest({
    port,
    host: "127.0.0.1",
    path: "/v1/uploads",
    method: "POST",
    headers: { "content-type": "application/octet-stream" },
  });
  const answer = once(request, "response");
  const part = Buffer.alloc(64 * 1024, 1);
  for (let sent = 0; sent < size; sent += part.length) {
    if (!request.write(part)) await once(request, "drain");
  }
  request.end();
  const [response] = (await answer) as [NodeJS.ReadableStream & { statusCode: number }];
  const body = await readText(response);
  if (response.statusCode !== 200) throw new Error(`unexpected answer: ${body}`);
  return Number((JSON.parse(body) as { bytes: string }).bytes);
}

async function download(port: number, path: string, accept?: string): Promise<number> {
  const request = httpRequest({
    port,
    host: "127.0.0.1",
    path,
    ...(accept !== undefined && { headers: { accept } }),
  }).end();
  const [response] = (await once(request, "response")) as [AsyncIterable<Buffer>];
  let received = 0;
  for await (const chunk of response) received += chunk.length;
  return received;
}

function watch(port: number, size: number): Promise<number> {
  return download(port, `/v1/chunks?bytes=${size}`, "text/event-stream");
}

async function watchWithoutReading(port: number, size: number): Promise<number> {
  const request = httpRequest({
    port,
    host: "127.0.0.1",
    path: `/v1/chunks?bytes=${size}`,
    headers: { accept: "text/event-stream" },
  }).end();
  await once(request, "response");
  await delay(5000);
  request.destroy();
  return 0;
}
