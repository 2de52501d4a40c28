import { type Client, Code, ConnectError, createClient } from "@connectrpc/connect";
import {
  createConnectTransport,
  createGrpcTransport,
  createGrpcWebTransport,
  Http2SessionManager,
} from "@connectrpc/connect-node";
import type { CallContext, Header } from "@kratos-ts/runtime";
import { createWritableIterable } from "@connectrpc/connect/protocol";
import { GrpcServer, type GrpcServerOptions, isGrpcServerContext } from "@kratos-ts/runtime/grpc";
import { silentLogger } from "@kratos-ts/runtime/log";
import { describe, expect, onTestFinished, test } from "vitest";
import { http2Engine } from "../../src/transport/http2/stack/server-engine.ts";
import { startServer } from "../grpc/kratos-peer.ts";
import { rawCall } from "../grpc/raw-call.ts";
import { appInfo } from "../http/serve.ts";
import { Parrot, registerParrot, Say } from "./parrot.ts";

const ways = [
  ["Connect", createConnectTransport],
  ["gRPC-Web", createGrpcWebTransport],
  ["gRPC", createGrpcTransport],
] as const;

const engines: readonly (readonly [string, GrpcServerOptions])[] = [
  ["node:http2", {}],
  ["the own engine", { engine: http2Engine() }],
];

const cases = engines.flatMap(([engine, options]) =>
  ways.map(([way, create]) => ({ name: `${way} on ${engine}`, options, create })),
);

async function open({ options, create }: (typeof cases)[number]): Promise<Client<typeof Parrot>> {
  const server = new GrpcServer({
    addr: "127.0.0.1:0",
    logger: silentLogger,
    compression: true,
    ...options,
  });
  onTestFinished(() => server.stop(AbortSignal.abort()));
  registerParrot(server);
  await server.start(appInfo);
  const baseUrl = `http://127.0.0.1:${server.port}`;
  const sessionManager = new Http2SessionManager(baseUrl);
  onTestFinished(() => sessionManager.abort());
  const transport = create({ baseUrl, httpVersion: "2", sessionManager, useHttpGet: true });
  return createClient(Parrot, transport);
}

function replyTrailerOf(context: CallContext): Header {
  if (!isGrpcServerContext(context)) throw new Error("not a call of gRPC");
  return context.replyTrailer;
}

describe.for(cases)("a gRPC server serves $name", (way) => {
  test("calls of every kind", async () => {
    const client = await open(way);
    const text = "x".repeat(50_000);
    expect(await client.say({ text })).toMatchObject({ text });
    expect(await client.look({ text: "?" })).toMatchObject({ text: "?" });
    const counts: bigint[] = [];
    for await (const { count } of client.repeat({ count: 3n })) counts.push(count);
    expect(counts).toEqual([1n, 2n, 3n]);
    const requests = createWritableIterable<{ text: string }>();
    const replies = client.chat(requests)[Symbol.asyncIterator]();
    void requests.write({ text: "a" });
    const reply = await replies.next();
    requests.close();
    expect(reply.done === true || reply.value.text).toBe("A");
    expect((await replies.next()).done).toBe(true);
  });

  test("and their errors", async () => {
    const client = await open(way);
    const error = await client.say({ text: "fail" }).catch((thrown: unknown) => thrown);
    expect(ConnectError.from(error)).toMatchObject({
      code: Code.NotFound,
      details: [{ type: "google.rpc.ErrorInfo" }],
    });
  });
});

test.for(engines)(
  "a gRPC server on %s has no path for unknown methods of Connect",
  async ([, options]) => {
    const { address } = await startServer(registerParrot, options);
    const reply = await rawCall(address, {
      path: "/acme.Nothing/Do",
      headers: { "content-type": "application/json" },
      chunks: [Buffer.from("{}")],
    });
    expect(reply.headers[":status"]).toBe(404);
    expect(JSON.parse(reply.body.toString())).toEqual({
      code: "unimplemented",
      message: 'the server has no method "/acme.Nothing/Do"',
    });
  },
);

test.for(engines.flatMap(([, options]) => [false, true].map((late) => ({ options, late }))))(
  "metadata that HTTP/2 cannot carry does not keep a call of Connect from its reply ($late)",
  async ({ options, late }) => {
    const { address } = await startServer((server) => {
      server.handle(Say, async (words, context) => {
        if (late) await Promise.resolve();
        for (const header of [context.replyHeader, replyTrailerOf(context)]) {
          header.set("x-large", "x".repeat(40_000));
          header.add("etag", "a");
          header.add("etag", "b");
          header.set("content-encoding", "br");
          header.set("connect-content-encoding", "br");
          header.set("constructor", "1");
        }
        return words;
      });
    }, options);
    const { headers, body } = await rawCall(address, {
      path: Say.operation,
      headers: { "content-type": "application/json" },
      chunks: [Buffer.from('{"text":"hello"}')],
    });
    expect(JSON.parse(body.toString())).toMatchObject({ text: "hello" });
    expect(headers).toMatchObject({ etag: "a", constructor: "1", "trailer-constructor": "1" });
    const large = [headers["x-large"], headers["trailer-x-large"]];
    expect(large.map((value) => value?.length)).toEqual([40_000, undefined]);
    expect(headers["content-encoding"] ?? headers["connect-content-encoding"]).toBeUndefined();
  },
);
