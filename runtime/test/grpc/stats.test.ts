import { http2Engine } from "@kratos-ts/runtime/http2";
import type { GrpcServerOptions } from "@kratos-ts/runtime/grpc";
import { connect } from "node:http2";
import { connect as connectTcp } from "node:net";
import { once } from "node:events";
import { expect, test } from "vitest";
import { toAddress } from "../../src/transport/grpc/services/channelz-address.ts";
import { Channelz } from "../../src/transport/grpc/services/protos/grpc/channelz/v1/channelz_pb.ts";
import { callUnary } from "./call-unary.ts";
import { createDeferred } from "./deferred.ts";
import { Chat, Echo, Repeat } from "./echo-schema.ts";
import { createClient, startServer } from "./kratos-peer.ts";
import { rawCall, requestFrame } from "./raw-call.ts";

const engines: [name: string, options: GrpcServerOptions][] = [
  ["node:http2", {}],
  ["the project's own", { engine: http2Engine() }],
];

const { method } = Channelz;

const noLimits = { streams: 0, headers: 0, resets: 0, controls: 0, memory: 0, silence: 0 };

test("begins with nothing", async () => {
  const { server } = await startServer(() => undefined);
  expect(server.stats()).toEqual({
    connections: { open: 0, opened: 0, handshakesFailed: 0 },
    calls: { open: 0, started: 0, succeeded: 0, failed: 0, lastStarted: undefined },
    messages: { received: 0, sent: 0 },
    limits: noLimits,
    goaways: { received: 0, sent: 0 },
  });
});

test.for(engines)("counts connections, calls and messages (%s)", async ([, options]) => {
  const held = createDeferred();
  const { server, address } = await startServer((router) => {
    router.handle(Echo, ({ text }) => {
      if (text === "") throw new Error("no text");
      return { text };
    });
    router.handle(Repeat, async function* ({ count }) {
      for (let n = 0; n < count; n++) yield { count: n };
    });
    router.handle(Chat, async function* () {
      yield { text: "held" };
      await held.promise;
    });
  }, options);
  const client = createClient(address);
  const before = Date.now();
  await client.method(Echo)({ text: "hello" });
  await expect(client.method(Echo)({})).rejects.toMatchObject({ code: 500 });
  for await (const _ of client.method(Repeat)({ count: 5 })) continue;
  const replies = client.method(Chat)((async function* () {})());
  const chat = replies[Symbol.asyncIterator]();
  await chat.next();

  const during = server.stats();
  expect(during.connections).toEqual({ open: 1, opened: 1, handshakesFailed: 0 });
  expect(during.calls).toMatchObject({ open: 1, started: 4, succeeded: 2, failed: 1 });
  expect(during.calls.lastStarted).toBeGreaterThanOrEqual(before);
  expect(during.messages).toEqual({ received: 3, sent: 7 });

  held.resolve();
  await chat.next();
  client.close();
  await expect.poll(() => server.stats().connections.open).toBe(0);
  expect(server.stats().calls).toMatchObject({ open: 0, started: 4, succeeded: 3, failed: 1 });
  expect(during.calls.open).toBe(1);
});

test.for(engines)("counts goodbyes and clients over a limit (%s)", async ([, options]) => {
  const { server, address } = await startServer(() => undefined, {
    maxMetadataBytes: 1024,
    ...options,
  });
  await rawCall(address, { headers: { large: "x".repeat(2000) }, chunks: [requestFrame({})] });
  expect(server.stats().limits).toEqual({ ...noLimits, headers: 1 });
  const session = connect(`http://${address}`);
  await once(session, "remoteSettings");
  session.goaway();
  await expect.poll(() => server.stats().goaways.received).toBeGreaterThan(0);
  session.destroy();
  const last = connectTcp(Number(server.port), "127.0.0.1");
  await once(last, "connect");
  await expect.poll(() => server.stats().connections.opened).toBeGreaterThan(2);
  await server.stop(AbortSignal.timeout(200));
  expect(server.stats().goaways.sent).toBeGreaterThan(0);
  last.destroy();
});

test("counts calls of other protocols", async () => {
  const { server, address } = await startServer((router) => {
    router.handle(Echo, ({ text }) => ({ text }));
  });
  await rawCall(address, {
    headers: { "content-type": "application/json", te: undefined },
    chunks: [Buffer.from('{"text":"hello"}')],
  });
  expect(server.stats().calls).toMatchObject({ started: 1, succeeded: 1 });
});

test("tells nobody unless it is asked to", async () => {
  const { address } = await startServer(() => undefined);
  await expect(callUnary(address, method.getServers)({})).rejects.toMatchObject({ code: 501 });
});

test.for(engines)("tells of a server and its sockets (%s)", async ([, options]) => {
  const { server, address } = await startServer(
    (router) => router.handle(Echo, ({ text }) => ({ text })),
    { channelz: true, ...options },
  );
  await createClient(address).method(Echo)({ text: "hello" });
  const { server: servers, end } = await callUnary(address, method.getServers)({});
  expect(end).toBe(true);
  const [{ ref, data, listenSocket }] = servers as [(typeof servers)[0]];
  expect(ref?.name).toBe(address);
  expect(data).toMatchObject({ callsStarted: 2n, callsSucceeded: 1n, callsFailed: 0n });
  const getSocket = callUnary(address, method.getSocket);
  const listener = await getSocket({ socketId: listenSocket[0]!.socketId });
  const local = {
    address: {
      case: "tcpipAddress",
      value: { ipAddress: Uint8Array.of(127, 0, 0, 1), port: server.port },
    },
  };
  expect(listener.socket).toMatchObject({ local });

  const { serverId } = ref!;
  const sockets = await callUnary(address, method.getServerSockets)({ serverId });
  expect(sockets.end).toBe(true);
  const [first] = sockets.socketRef;
  const { socket } = await getSocket({ socketId: first!.socketId });
  expect(socket).toMatchObject({
    local,
    remote: { address: { case: "tcpipAddress" } },
    data: { streamsStarted: 1n, streamsSucceeded: 1n, messagesSent: 1n, messagesReceived: 1n },
  });
});

test("tells of sockets in pages", async () => {
  const { address } = await startServer(() => undefined, { channelz: true });
  const ask = callUnary(address, method.getServerSockets);
  await ask({ serverId: 1n });
  await callUnary(address, method.getServers)({});
  const first = await ask({ serverId: 1n, maxResults: 1n });
  expect(first).toMatchObject({ end: false, socketRef: [{}] });
  const startSocketId = first.socketRef[0]!.socketId + 1n;
  const rest = await ask({ serverId: 1n, startSocketId });
  expect(rest).toMatchObject({ end: true, socketRef: [{}] });
});

test("knows no channels, nor servers and sockets that are not its own", async () => {
  const { address } = await startServer(() => undefined, { channelz: true });
  expect(await callUnary(address, method.getTopChannels)({})).toMatchObject({
    channel: [],
    end: true,
  });
  const after = await callUnary(address, method.getServers)({ startServerId: 2n });
  expect(after).toMatchObject({ server: [], end: true });
  await Promise.all(
    [
      callUnary(address, method.getChannel)({ channelId: 1n }),
      callUnary(address, method.getSubchannel)({ subchannelId: 1n }),
      callUnary(address, method.getServer)({ serverId: 2n }),
      callUnary(address, method.getServerSockets)({ serverId: 2n }),
      callUnary(address, method.getSocket)({ socketId: 1000n }),
    ].map((call) => expect(call).rejects.toMatchObject({ code: 404 })),
  );
});

test.for<[text: string, bytes: number[], port: number]>([
  ["127.0.0.1:80", [127, 0, 0, 1], 80],
  ["[::ffff:10.0.0.7]:443", [10, 0, 0, 7], 443],
  ["[::1]:9000", [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1], 9000],
  ["[fe80::1:2%eth0]:1", [0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 2], 1],
  ["[1:2:3:4:5:6:7:8]:2", [0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0, 7, 0, 8], 2],
  ["[::]:3", Array.from({ length: 16 }, () => 0), 3],
])("writes %s in bytes", ([text, bytes, port]) => {
  const value = { ipAddress: Uint8Array.from(bytes), port };
  expect(toAddress(text)).toEqual({ address: { case: "tcpipAddress", value } });
});

test.for<[text: string, address: object]>([
  ["/run/a.sock", { case: "udsAddress", value: { filename: "/run/a.sock" } }],
  ["", { case: "otherAddress", value: { name: "" } }],
])('takes "%s" for no address of TCP', ([text, address]) => {
  expect(toAddress(text)).toEqual({ address });
});
