import { http2Engine } from "@kratos-ts/runtime/http2";
import type { GrpcClientOptions, GrpcServerOptions } from "@kratos-ts/runtime/grpc";
import { expect, test } from "vitest";
import { createAuthority } from "../transport/certificates.ts";
import { Chat } from "./echo-schema.ts";
import { createClient, startServer } from "./kratos-peer.ts";

const authority = createAuthority();
const serverPair = authority.issue("server");
const serverTls = { cert: serverPair.cert, key: serverPair.key };

/** Below a slab, above a frame of HTTP/2, above what a stream may have on its way, and too large to be kept. */
const sizes = [2000, 40_000, 65_536, 300_000];
const messages = 40;

/** Messages that differ in every byte from those before and after, and from those of other streams. */
function payloadOf(size: number, stream: number, number: number): Uint8Array {
  return new Uint8Array(size).fill(stream * 50 + number);
}

test.for<[name: string, server: GrpcServerOptions, client: Partial<GrpcClientOptions>]>([
  ["node:http2", {}, {}],
  ["the engine of this project", { engine: http2Engine() }, {}],
  ["TLS", { tls: serverTls }, { tls: { ca: authority.cert } }],
  ["messages that are compressed", { compression: true }, { compression: true }],
])("streams side by side get their own bytes, over %s", async ([, server, client]) => {
  const { address } = await startServer((router) => {
    router.handle(Chat, async function* (requests) {
      for await (const { payload, count } of requests) yield { payload, count };
    });
  }, server);
  const chat = createClient(address, client).method(Chat);

  const run = async (size: number, stream: number): Promise<void> => {
    const requests = async function* () {
      for (let count = 0; count < messages; count++) {
        yield { count, payload: payloadOf(size, stream, count) };
      }
    };
    let number = 0;
    for await (const { count, payload } of chat(requests())) {
      expect(count).toBe(number);
      expect(Buffer.compare(payload, payloadOf(size, stream, number))).toBe(0);
      number++;
      // Readers that rest now and then, so that replies wait in every place where they can.
      if ((number + stream) % 7 === 0) await new Promise((resolve) => setImmediate(resolve));
      if (stream === 4 && number === messages / 2) return; // leaves in the middle
    }
    expect(number).toBe(messages);
  };
  await Promise.all([...sizes, ...sizes].map((size, stream) => run(size, stream)));
});
