import { HttpClient, type HttpClientOptions } from "@kratos-ts/runtime/http";
import { RoundRobinBalancer } from "@kratos-ts/runtime/selector";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import type { CallOptions, Middleware } from "@kratos-ts/runtime";
import {
  createRoomsHttpClient,
  type RoomsHttpClient,
} from "../../../../fixtures/golden/http-streams/want/api/rooms/v1/rooms_http.ts";
import { createAuthority } from "../../transport/certificates.ts";
import { findClosedPort, RawServer, response } from "../raw-server.ts";
import { collect, each, failureOf, serveRooms } from "./rooms.ts";

const talk = { talk: <T>(requests: AsyncIterable<T>) => requests };

/** What comes back of a message that is sent to an endpoint. */
async function echo(options: HttpClientOptions): Promise<string[]> {
  const client = new HttpClient(options);
  onTestFinished(() => client.close());
  const lines = await collect(createRoomsHttpClient(client).talk(each({ room: "a", text: "hi" })));
  return lines.map(({ text }) => text);
}

test("WebSockets are opened over TLS, with the client's own authority and certificate", async () => {
  const authority = createAuthority();
  const tls = { ...authority.issue("server"), ca: authority.cert, requestClientCert: true };
  const { port } = await serveRooms(talk, { tls });
  const endpoint = `https://127.0.0.1:${port}`;
  const own = { ca: authority.cert, ...authority.issue("client") };
  expect(await echo({ endpoint, tls: own })).toEqual(["hi"]);
  expect(await failureOf(echo({ endpoint }))).toMatchObject({ code: 503, reason: "UNREACHABLE" });
});

test.for(["rooms.sock", "a:b.sock", "a b.sock", "%20.sock", "ä?b#c.sock"])(
  "WebSockets are opened over the Unix socket %j",
  async (name) => {
    const folder = mkdtempSync(join(tmpdir(), "streams-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const addr = join(folder, name);
    await serveRooms(talk, { network: "unix", addr });
    expect(await echo({ endpoint: `unix://${addr}` })).toEqual(["hi"]);
    const gone = { endpoint: `unix://${addr}2`, retry: false } as const;
    expect(await failureOf(echo(gone))).toMatchObject({ code: 503, reason: "UNREACHABLE" });
  },
);

test("WebSockets are opened below the path of the endpoint, and at one of several servers", async () => {
  const { port } = await serveRooms(talk, { prefix: "/api" });
  expect(await echo({ endpoint: `http://127.0.0.1:${port}/api` })).toEqual(["hi"]);
  const other = await serveRooms(talk);
  expect(await echo({ endpoint: `direct:///127.0.0.1:${other.port}` })).toEqual(["hi"]);
});

/** A client of several servers, asked in turn. */
function connectTo(ports: readonly number[], options: Partial<HttpClientOptions> = {}) {
  const endpoint = `direct:///${ports.map((port) => `127.0.0.1:${port}`).join(",")}`;
  const client = new HttpClient({ endpoint, balancer: new RoundRobinBalancer(), ...options });
  onTestFinished(() => client.close());
  return createRoomsHttpClient(client);
}

const say = (rooms: RoomsHttpClient) => collect(rooms.talk(each({ room: "a", text: "hi" })));

describe("a server that takes no connection", () => {
  test("fails no WebSocket where there is another, and then rests", async () => {
    const { port } = await serveRooms(talk);
    const peers: string[] = [];
    const note: Middleware = (next) => async (requests, context) => {
      const replies = (await next(requests, context)) as AsyncIterable<unknown>;
      return (async function* () {
        yield* replies;
        peers.push(context.peer);
      })();
    };
    const rooms = connectTo([await findClosedPort(), port], { middleware: [note] });
    for (let i = 0; i < 4; i++) expect(await say(rooms)).toHaveLength(1); // oxlint-disable-line no-await-in-loop -- one after the other
    expect(peers).toEqual(Array(4).fill(`127.0.0.1:${port}`));
  });

  test("fails WebSockets where there is no other, or none is to be asked", async () => {
    const closed = await findClosedPort();
    const { port } = await serveRooms(talk);
    const want = { code: 503, reason: "UNREACHABLE" };
    expect(await failureOf(say(connectTo([closed])))).toMatchObject(want);
    expect(await failureOf(say(connectTo([closed, port], { retry: false })))).toMatchObject(want);
  });

  test("fails no stream of events where there is another", async () => {
    const { port } = await serveRooms({
      async *listen() {
        yield { text: "hi" };
      },
    });
    const rooms = connectTo([await findClosedPort(), port]);
    expect(await collect(rooms.listen({ name: "a" }))).toHaveLength(1);
  });
});

test("what may have begun a WebSocket is not asked twice, unless that does no harm", async () => {
  const server = await RawServer.listen((socket) => socket.destroy());
  const { port } = await serveRooms({
    async dictate(requests) {
      await collect(requests);
      return { lines: 7 };
    },
  });
  const dictate = (options: CallOptions) =>
    connectTo([server.port, port]).dictate(each({ room: "a" }), options);
  expect(await failureOf(dictate({}))).toMatchObject({ code: 503, reason: "UNREACHABLE" });
  expect(await dictate({ repeatable: true })).toMatchObject({ lines: 7 });
  expect(server.requests).toEqual(Array(2).fill("GET /v1/rooms/a/lines HTTP/1.1"));
});

test("a server that refuses streams for now is left for another", async () => {
  const fields = "Connection: close\r\nRetry-After: 3600\r\n";
  const busy = await RawServer.listen((s) => s.end(response("", "503 Busy", fields)));
  const { port } = await serveRooms(talk);
  expect(await say(connectTo([busy.port, port]))).toHaveLength(1);
  // Nobody waits for an hour, although streams may take as long as they do.
  const want = { code: 503, reason: "" };
  expect(await failureOf(say(connectTo([busy.port])))).toMatchObject(want);
  const listening = collect(connectTo([busy.port]).listen({ name: "a" }));
  expect(await failureOf(listening)).toMatchObject(want);
});

test("the headers that open or refuse a WebSocket are handed over", async () => {
  const fields = "Connection: close\r\nX-A: no\r\n";
  const busy = await RawServer.listen((s) => s.end(response("", "403 No", fields)));
  const { port } = await serveRooms(talk);
  const seen: unknown[] = [];
  const onHeader: CallOptions["onHeader"] = (header) =>
    seen.push(header.get("upgrade") ?? header.get("x-a"));
  const talkTo = (port: number) =>
    collect(connectTo([port]).talk(each({ room: "a", text: "hi" }), { onHeader }));
  await talkTo(port);
  await failureOf(talkTo(busy.port));
  expect(seen).toEqual([["websocket"], ["no"]]);
});

test("a WebSocket is opened in time, however many servers are asked", async () => {
  const silent = await Promise.all([1, 2].map(() => RawServer.listen(() => undefined)));
  const ports = silent.map(({ port }) => port);
  const rooms = connectTo(ports, { timeout: 50 });
  expect(await failureOf(say(rooms))).toMatchObject({ code: 504, reason: "DEADLINE_EXCEEDED" });
  expect(silent.flatMap(({ requests }) => requests)).toHaveLength(1);
});
