import type { DescMessage } from "@bufbuild/protobuf";
import { KratosError } from "@kratos-ts/runtime";
import type { HttpRoute } from "@kratos-ts/runtime/codegenv1";
import type { HttpClientOptions } from "@kratos-ts/runtime/http";
import { once } from "node:events";
import { createGzip } from "node:zlib";
import { describe, expect, test } from "vitest";
import { createClient, routeOf } from "./client-setup.ts";
import { RawServer, response } from "../raw-server.ts";

const route: HttpRoute<DescMessage, DescMessage, "serverStreaming"> = {
  ...routeOf("GET /x"),
  kind: "serverStreaming",
};
const head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n";
const event = (n: number): string => `event: message\ndata: {"n":${n}}\n\n`;

interface Heard {
  readonly numbers: number[];
  readonly error?: unknown;
}

async function hear(
  options: HttpClientOptions,
  signal?: AbortSignal,
  onMessage: (n: number) => void = () => undefined,
): Promise<Heard> {
  const numbers: number[] = [];
  try {
    const call = createClient(options).method(route);
    for await (const message of call({} as never, signal ? { signal } : {})) {
      const { n } = message as never as { n: number };
      numbers.push(n);
      onMessage(n);
    }
  } catch (error) {
    return { numbers, error };
  }
  return { numbers };
}

describe.for<[sender: string, options: Partial<HttpClientOptions>]>([
  ["Node's http", {}],
  ["fetch", { fetch: globalThis.fetch }],
])("by %s", ([, options]) => {
  test("a packed stream is unpacked as it comes", async () => {
    const gzip = createGzip();
    const server = await RawServer.listen((socket) => {
      socket.write(`${head}Content-Encoding: gzip\r\nConnection: close\r\n\r\n`);
      gzip.pipe(socket);
      gzip.write(event(1));
      gzip.flush();
    });
    const heard = await hear({ endpoint: server.address, ...options }, undefined, (n) => {
      // The next is written when this one is there.
      if (n === 1) gzip.end(event(2));
    });
    expect(heard).toEqual({ numbers: [1, 2] });
  });

  test("a stream that is cut is 503 after what had come", async () => {
    const server = await RawServer.listen((socket) => {
      socket.write(`${head}Content-Length: 1000\r\n\r\n${event(1)}`);
    });
    const heard = await hear({ endpoint: server.address, ...options }, undefined, () =>
      server.die(),
    );
    expect(heard).toMatchObject({ numbers: [1], error: { code: 503, reason: "UNREACHABLE" } });
  });

  test("a stream that is aborted ends its connection", async () => {
    const controller = new AbortController();
    let closed: Promise<unknown> | undefined;
    const server = await RawServer.listen((socket) => {
      closed = once(socket, "close");
      socket.write(`${head}\r\n${event(1)}`);
    });
    const heard = await hear({ endpoint: server.address, ...options }, controller.signal, () =>
      controller.abort(new KratosError(418, "ENOUGH", "")),
    );
    expect(heard).toMatchObject({ numbers: [1], error: { code: 418, reason: "ENOUGH" } });
    await closed;
  });

  test("a stream that is left ends its connection", async () => {
    let closed: Promise<unknown> | undefined;
    const server = await RawServer.listen((socket) => {
      closed = once(socket, "close");
      socket.write(`${head}\r\n${event(1)}`);
    });
    const call = createClient({ endpoint: server.address, ...options }).method(route);
    for await (const _ of call({} as never)) break;
    await closed;
    expect(server.requests).toEqual(["GET /x HTTP/1.1"]);
  });

  test("opening a stream is repeated as other calls are, and what it opened is not", async () => {
    let count = 0;
    const server = await RawServer.listen((socket) => {
      count += 1;
      if (count === 1) socket.destroy();
      else if (count === 2) socket.write(response("", "503 No", "Retry-After: 0\r\n"));
      else socket.end(`${head}Content-Length: 1000\r\n\r\n${event(1)}`);
    });
    const heard = await hear({ endpoint: server.address, ...options });
    expect(heard).toMatchObject({ numbers: [1], error: { code: 503, reason: "UNREACHABLE" } });
    expect(count).toBe(3);
  });
});
