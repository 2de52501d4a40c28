import { once } from "node:events";
import { request as httpRequest } from "node:http";
import { text as readText } from "node:stream/consumers";
import { setTimeout as delay } from "node:timers/promises";
import type { Transfer } from "./transfer.ts";

const server = "http/bulk";

/** A gibibyte through the HTTP server, and a stream that nobody reads. */
export const httpTransfers: readonly Transfer[] = [
  { title: "upload", server, move: upload },
  {
    title: "download",
    server,
    move: (port, bytes) => download(port, `/v1/downloads?bytes=${bytes}`),
  },
  { title: "server-sent events", server, move: watch },
  { title: "events that nobody reads, 5 s", server, move: watchWithoutReading },
];

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
