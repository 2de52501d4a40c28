import { type IncomingMessage, request as sendRequest } from "node:http";
import type { Socket } from "node:net";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { ReadableStream } from "node:stream/web";

/** What requests of a path alone are sent to. */
const base = "http://in-memory";

/**
 * Makes a `fetch` whose requests go over connections that `connect` opens, each over one of its own. It follows no
 * redirects, unpacks nothing and keeps no cookies: replies are what came.
 */
export function createInMemoryFetch(connect: () => Socket): typeof fetch {
  return async (input, init) => {
    const request = new Request(typeof input === "string" ? new URL(input, base) : input, init);
    const isStream = input instanceof Request || init?.body instanceof globalThis.ReadableStream;
    const body = isStream || request.body === null ? request.body : await request.arrayBuffer();
    return exchange(connect, request, body);
  };
}

function exchange(
  connect: () => Socket,
  { method, url, headers, signal }: Request,
  body: Request["body"] | ArrayBuffer,
): Promise<Response> {
  signal.throwIfAborted();
  const { host, pathname, search } = new URL(url);
  return new Promise((resolve, reject) => {
    const outgoing = sendRequest({
      createConnection: connect,
      method,
      path: pathname + search,
      headers: toNodeHeaders(headers, host, body),
    });
    const abort = (): void => void outgoing.destroy(signal.reason as Error);
    signal.addEventListener("abort", abort, { once: true });
    outgoing.once("close", () => signal.removeEventListener("abort", abort));
    outgoing.once("response", (incoming) => {
      signal.addEventListener("abort", () => incoming.destroy(signal.reason as Error));
      resolve(toResponse(method, incoming));
    });
    outgoing.on("error", (cause) => {
      const failure = new TypeError(`no reply came: ${cause.message}`, { cause });
      reject(signal.aborted ? (signal.reason as Error) : failure);
    });
    if (body === null) outgoing.end();
    else if (body instanceof ArrayBuffer) outgoing.end(new Uint8Array(body));
    // What goes wrong is an error of the request, too.
    else pipeline(Readable.fromWeb(body as ReadableStream), outgoing).catch(() => undefined);
  });
}

function toNodeHeaders(
  headers: Headers,
  host: string,
  body: Request["body"] | ArrayBuffer,
): string[] {
  const all = [...headers].flat();
  if (!headers.has("host")) all.unshift("host", host);
  if (body instanceof ArrayBuffer) all.push("content-length", String(body.byteLength));
  else if (body !== null) all.push("transfer-encoding", "chunked");
  return all;
}

function toResponse(method: string, incoming: IncomingMessage): Response {
  const { statusCode: status = 0, statusMessage: statusText = "", rawHeaders } = incoming;
  const headers = new Headers();
  for (let index = 0; index < rawHeaders.length; index += 2) {
    headers.append(rawHeaders[index]!, rawHeaders[index + 1]!);
  }
  const isEmpty = method === "HEAD" || status === 204 || status === 205 || status === 304;
  if (isEmpty) incoming.resume();
  const body = isEmpty ? null : (Readable.toWeb(incoming) as ReadableStream<Uint8Array>);
  return new Response(body, { status, statusText, headers });
}
