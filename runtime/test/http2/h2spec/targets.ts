import { HeaderSet, type StreamSink } from "../../../src/transport/http2/engine.ts";
import { createNodeServer } from "../../../src/transport/http2/node/node-server.ts";
import type { Http2Engine, ServerStream } from "../../../src/transport/http2/server-engine.ts";
import { http2Engine } from "../../../src/transport/http2/stack/server-engine.ts";
import { completeTlsOptions } from "../../../src/transport/tls-options.ts";
import { createAuthority } from "../../transport/certificates.ts";
import { engineOptions } from "../engine-options.ts";

/** A server for h2spec. */
export interface Target {
  readonly name: "node:http2" | "http2Engine";
  readonly tls: boolean;
  readonly engine: Http2Engine;
}

const node: Http2Engine = { createServer: createNodeServer };

/** Both engines, in clear text and over TLS. */
export const targets: readonly Target[] = [
  { name: "node:http2", tls: false, engine: node },
  { name: "node:http2", tls: true, engine: node },
  { name: "http2Engine", tls: false, engine: http2Engine() },
  { name: "http2Engine", tls: true, engine: http2Engine() },
];

/** Runs `use` with the port of a server that answers each request with a few bytes. */
export async function whileServing<T>(
  { engine, tls }: Target,
  use: (port: number) => Promise<T>,
): Promise<T> {
  const server = engine.createServer(
    {
      ...engineOptions,
      tls: tls ? completeTlsOptions(createAuthority().issue("localhost")) : undefined,
    },
    (stream) => new HelloSink(stream),
    (error) => {
      throw error;
    },
  );
  const { port = 0 } = await server.listen({ host: "127.0.0.1", port: 0 });
  server.accept();
  try {
    return await use(port);
  } finally {
    await server.shutdown(AbortSignal.abort());
  }
}

const okHeaders = new HeaderSet([[":status", "200"]]);

class HelloSink implements StreamSink {
  readonly #stream: ServerStream;

  constructor(stream: ServerStream) {
    this.#stream = stream;
  }

  onData(): void {}

  onEnd(): void {
    this.#stream.respond(okHeaders);
    this.#stream.end([], Buffer.from("hello"));
  }

  onReset(): void {}

  onDrain(): void {}
}
