import { HttpClient, type HttpClientOptions } from "@kratos-ts/runtime/http";
import { RoundRobinBalancer } from "@kratos-ts/runtime/selector";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { createRoomsHttpClient } from "../../../../fixtures/golden/http-streams/want/api/rooms/v1/rooms_http.ts";
import { createAuthority } from "../../transport/certificates.ts";
import { findClosedPort } from "../raw-server.ts";
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

test("WebSockets are opened over Unix sockets", async () => {
  const folder = mkdtempSync(join(tmpdir(), "streams-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const addr = join(folder, "rooms.sock");
  await serveRooms(talk, { network: "unix", addr });
  expect(await echo({ endpoint: `unix://${addr}` })).toEqual(["hi"]);
});

test("WebSockets are opened below the path of the endpoint, and at one of several servers", async () => {
  const { port } = await serveRooms(talk, { prefix: "/api" });
  expect(await echo({ endpoint: `http://127.0.0.1:${port}/api` })).toEqual(["hi"]);
  const other = await serveRooms(talk);
  expect(await echo({ endpoint: `direct:///127.0.0.1:${other.port}` })).toEqual(["hi"]);
});

test("a server that takes no connection fails one WebSocket, and then rests", async () => {
  const { port } = await serveRooms(talk);
  const endpoint = `direct:///127.0.0.1:${await findClosedPort()},127.0.0.1:${port}`;
  const client = new HttpClient({ endpoint, balancer: new RoundRobinBalancer() });
  onTestFinished(() => client.close());
  const rooms = createRoomsHttpClient(client);
  const say = () => collect(rooms.talk(each({ room: "a", text: "hi" })));
  expect(await failureOf(say())).toMatchObject({ code: 503, reason: "UNREACHABLE" });
  expect(await say()).toHaveLength(1);
  expect(await say()).toHaveLength(1);
  expect(await say()).toHaveLength(1);
});
