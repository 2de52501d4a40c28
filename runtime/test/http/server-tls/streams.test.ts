import type { HttpFilter } from "@kratos-ts/runtime/http";
import { connect } from "node:tls";
import { expect, onTestFinished, test } from "vitest";
import { WebSocket } from "ws";
import { createAuthority } from "../../transport/certificates.ts";
import { createDeferred } from "../../grpc/deferred.ts";
import { serveRooms } from "../streams/rooms.ts";

const authority = createAuthority();

test("streams of requests and replies come over TLS, past filters", async () => {
  const seen: string[] = [];
  const filter: HttpFilter = (next) => (request, response) => {
    seen.push(`${request.method} ${request.httpVersion} ${request.url}`);
    return next(request, response);
  };
  const { port } = await serveRooms(
    {
      async *talk(requests) {
        for await (const { room, text } of requests) yield { room, text: text.toUpperCase() };
      },
    },
    { tls: authority.issue("server"), filters: [filter], requestId: true },
  );
  const url = `wss://127.0.0.1:${port}/v1/rooms/hall/talk`;
  const socket = new WebSocket(url, { ca: authority.cert });
  onTestFinished(() => socket.terminate());
  await new Promise((resolve, reject) => socket.once("open", resolve).once("error", reject));
  const answer = new Promise((resolve) => {
    socket.once("message", (data: Buffer) => resolve(JSON.parse(data.toString())));
  });
  socket.send('"a"');
  expect(await answer).toMatchObject({ room: "hall", text: "A" });
  expect(seen).toEqual(["GET 1.1 /v1/rooms/hall/talk"]);
});

test("stopping lets a call over TLS finish, and closes its connection", async () => {
  const begun = createDeferred();
  const release = createDeferred();
  const { server, port } = await serveRooms(
    {
      async open({ name }) {
        begun.resolve();
        await release.promise;
        return { name };
      },
    },
    { tls: authority.issue("server") },
  );
  const socket = connect({ port, host: "127.0.0.1", ca: authority.cert });
  onTestFinished(() => void socket.destroy());
  socket.write("POST /v1/rooms HTTP/1.1\r\nHost: t\r\nContent-Length: 2\r\n\r\n{}");
  await begun.promise;
  const stopped = server.stop(new AbortController().signal);
  release.resolve();
  let text = "";
  for await (const chunk of socket) text += String(chunk);
  expect(text).toMatch(/^HTTP\/1\.1 200 .*\r\nConnection: close\r\n/s);
  await stopped;
});
