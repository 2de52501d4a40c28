import { create, toBinary } from "@bufbuild/protobuf";
import type { Http2Server, ServerHttp2Session, ServerHttp2Stream } from "node:http2";
import { createServer as createHttp2Server } from "node:http2";
import type { AddressInfo, Server } from "node:net";
import { onTestFinished } from "vitest";
import { createDeferred } from "./deferred.ts";
import { EchoReplySchema } from "./echo-schema.ts";
import type { ReplyInit } from "./grpc-js-echo.ts";
import { frame } from "./raw-call.ts";

/** Listens on a free port of this machine. */
export async function listen(server: Server | Http2Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A server that answers every stream as `answer` says. */
export async function startRawServer(
  answer: (stream: ServerHttp2Stream, index: number) => void,
): Promise<string> {
  let index = 0;
  const sessions = new Set<ServerHttp2Session>();
  const server = createHttp2Server();
  server.on("session", (session) => sessions.add(session));
  server.on("stream", (stream) => {
    stream.on("error", () => undefined);
    stream.resume();
    answer(stream, index++);
  });
  onTestFinished(() => {
    for (const session of sessions) session.destroy();
    server.close();
  });
  return listen(server);
}

/** Headers of a good answer. */
export const headers = { ":status": 200, "content-type": "application/grpc" };

/** A reply of the test's service as it travels. */
export function replyFrame(reply: ReplyInit): Buffer {
  return frame(toBinary(EchoReplySchema, create(EchoReplySchema, reply)));
}

/** Answers with these chunks, whatever they are. */
export function respond(
  stream: ServerHttp2Stream,
  chunks: readonly Uint8Array[],
  trailers: Record<string, string>,
): void {
  stream.respond(headers, { waitForTrailers: true });
  stream.on("wantTrailers", () => stream.sendTrailers(trailers));
  for (const chunk of chunks) stream.write(chunk);
  stream.end();
}

/** What {@link startLossyServer} started. */
export interface LossyServer {
  readonly address: string;
  /** Lets the hanging calls go. */
  readonly release: () => void;
  /** How many calls hang. */
  readonly hung: () => number;
}

/** A server whose calls hang on request; it keeps its connections in `sessions`. */
export async function startLossyServer(sessions: ServerHttp2Session[]): Promise<LossyServer> {
  const { promise, resolve } = createDeferred();
  let hung = 0;
  const server = createHttp2Server();
  server.on("session", (session) => sessions.push(session));
  server.on("stream", (stream) => {
    stream.on("error", () => undefined);
    const body: Buffer[] = [];
    stream.on("data", (chunk: Buffer) => body.push(chunk));
    stream.on("end", async () => {
      if (Buffer.concat(body).includes("hang")) {
        hung++;
        await promise;
      }
      respond(stream, [replyFrame({ text: "ok" })], { "grpc-status": "0" });
    });
  });
  onTestFinished(() => {
    for (const session of sessions) session.destroy();
    server.close();
  });
  return { address: await listen(server), release: resolve, hung: () => hung };
}
