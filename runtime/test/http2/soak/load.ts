import { toBinary, create } from "@bufbuild/protobuf";
import { once } from "node:events";
import { type ClientHttp2Session, type ClientHttp2Stream, connect, constants } from "node:http2";
import { setTimeout } from "node:timers/promises";
import { EchoRequestSchema } from "../../grpc/echo-schema.ts";
import type { RequestInit } from "../../grpc/grpc-js-echo.ts";

/** One kind of client; does what it does once, over a connection of its own or one that lasts. */
export interface LoadKind {
  readonly title: string;
  /** How many of it are under way at once. */
  readonly at: number;
  run(port: number, lasting: ClientHttp2Session): Promise<void>;
}

function frame(request: RequestInit): Buffer {
  const message = toBinary(EchoRequestSchema, create(EchoRequestSchema, request));
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}

const small = frame({ text: "hello" });
const large = frame({ payload: new Uint8Array(1024) });

function open(session: ClientHttp2Session, method: string): ClientHttp2Stream {
  const stream = session.request({
    ":method": "POST",
    ":path": `/test.echo.v1.EchoService/${method}`,
    "content-type": "application/grpc",
    te: "trailers",
  });
  stream.on("error", () => undefined); // "close" follows
  return stream;
}

/** Reads to the end. Throws when the call failed. */
async function finish(stream: ClientHttp2Stream): Promise<void> {
  let status: unknown;
  stream.on("trailers", (trailers) => {
    status = trailers["grpc-status"];
  });
  stream.resume();
  if (!stream.closed) await once(stream, "close");
  if (status !== "0") throw new Error(`a call ended with status ${String(status)}`);
}

async function call(session: ClientHttp2Session, method: string, body: Buffer): Promise<void> {
  const stream = open(session, method);
  stream.end(body);
  await finish(stream);
}

async function whileConnected(
  port: number,
  use: (session: ClientHttp2Session) => Promise<void>,
): Promise<void> {
  const session = connect(`http://127.0.0.1:${port}`);
  session.on("error", () => undefined);
  try {
    await use(session);
  } finally {
    session.destroy();
  }
}

/** All that a server has to bear, from those who behave to those who do not. */
export const loadKinds: readonly LoadKind[] = [
  { title: "unary calls", at: 8, run: (_, session) => call(session, "Echo", small) },
  {
    title: "server streams of 200 KiB",
    at: 2,
    run: (_, session) => call(session, "Repeat", frame({ count: 200 })),
  },
  {
    title: "client streams of 50 KiB",
    at: 2,
    async run(_, session) {
      const stream = open(session, "Collect");
      for (let i = 0; i < 50; i++) stream.write(large);
      stream.end();
      await finish(stream);
    },
  },
  {
    title: "conversations of 20 messages",
    at: 2,
    async run(_, session) {
      const stream = open(session, "Chat");
      for (let i = 0; i < 20; i++) {
        stream.write(small);
        await once(stream, "data"); // oxlint-disable-line no-await-in-loop -- one after the other
      }
      stream.end();
      await finish(stream);
    },
  },
  {
    title: "connections with 20 streams that are cancelled",
    at: 2,
    run: (port) =>
      whileConnected(port, async (session) => {
        for (let i = 0; i < 20; i++) {
          /* oxlint-disable no-await-in-loop -- one after the other */
          const stream = open(session, "Repeat");
          stream.end(frame({ count: 1_000_000 }));
          await once(stream, "data");
          stream.close(constants.NGHTTP2_CANCEL);
          await once(stream, "close");
          /* oxlint-enable no-await-in-loop */
        }
      }),
  },
  {
    title: "connections with 20 uploads that are given up in the middle of a message",
    at: 1,
    run: (port) =>
      whileConnected(port, async (session) => {
        for (let i = 0; i < 20; i++) {
          /* oxlint-disable no-await-in-loop -- one after the other */
          const stream = open(session, "Collect");
          await new Promise((resolve) => stream.write(large.subarray(0, 500), resolve));
          stream.close(constants.NGHTTP2_CANCEL);
          await once(stream, "close");
          /* oxlint-enable no-await-in-loop */
        }
      }),
  },
  {
    title: "readers that do not read",
    at: 4,
    run: (port) =>
      whileConnected(port, async (session) => {
        const stream = open(session, "Repeat");
        stream.end(frame({ count: 100_000 }));
        await once(stream, "response");
        await setTimeout(500);
      }),
  },
  {
    title: "connections that end in the middle of calls",
    at: 2,
    run: (port) =>
      whileConnected(port, async (session) => {
        await call(session, "Echo", small);
        const [chat, repeat] = [open(session, "Chat"), open(session, "Repeat")];
        chat.write(small);
        repeat.end(frame({ count: 1_000_000 }));
        await Promise.all([once(chat, "data"), once(repeat, "data")]);
      }),
  },
];
