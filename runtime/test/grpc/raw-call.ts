import { create, toBinary } from "@bufbuild/protobuf";
import type { IncomingHttpHeaders, OutgoingHttpHeaders } from "node:http2";
import { connect } from "node:http2";
import { onTestFinished } from "vitest";
import { EchoRequestSchema } from "./echo-schema.ts";
import type { RequestInit } from "./grpc-js-echo.ts";

/** A length-prefixed message. */
export function frame(body: Uint8Array, flags = 0): Buffer {
  const prefix = Buffer.alloc(5);
  prefix[0] = flags;
  prefix.writeUInt32BE(body.length, 1);
  return Buffer.concat([prefix, body]);
}

/** A request of the test's service as it travels. */
export function requestFrame(request: RequestInit): Buffer {
  return frame(toBinary(EchoRequestSchema, create(EchoRequestSchema, request)));
}

/** What came back, undecoded. */
export interface RawReply {
  readonly headers: IncomingHttpHeaders;
  readonly trailers: IncomingHttpHeaders;
  readonly body: Buffer;
  readonly rstCode: number;
  /** `grpc-status` and `grpc-message`, wherever they were. */
  readonly status: string | undefined;
  readonly message: string | undefined;
}

/** Options of {@link rawCall}. */
export interface RawCall {
  readonly path?: string;
  readonly headers?: OutgoingHttpHeaders;
  /** Sent one after the other, each in a write of its own. */
  readonly chunks?: readonly Uint8Array[];
  /** Leaves the request open. */
  readonly halfOpen?: boolean;
}

/** Sends exactly these bytes over HTTP/2, and waits until the stream is closed. */
export async function rawCall(address: string, call: RawCall): Promise<RawReply> {
  const session = connect(`http://${address}`);
  onTestFinished(() => session.destroy());
  const stream = session.request(
    {
      ":method": "POST",
      ":path": call.path ?? "/test.echo.v1.EchoService/Echo",
      "content-type": "application/grpc",
      te: "trailers",
      ...call.headers,
    },
    { endStream: false },
  );
  let headers: IncomingHttpHeaders = {};
  let trailers: IncomingHttpHeaders = {};
  const body: Buffer[] = [];
  stream.on("response", (fields) => {
    headers = fields;
  });
  stream.on("trailers", (fields) => {
    trailers = fields;
  });
  stream.on("data", (chunk: Buffer) => body.push(chunk));
  const closed = new Promise<void>((resolve) => {
    stream.on("error", () => undefined);
    stream.on("close", resolve);
  });
  for (const chunk of call.chunks ?? []) {
    if (stream.closed) break;
    // Waiting for each write gives every chunk a DATA frame of its own.
    await new Promise((resolve) => stream.write(chunk, resolve));
  }
  if (call.halfOpen !== true) stream.end();
  await closed;
  const rstCode = stream.rstCode ?? 0;
  const all = { ...headers, ...trailers };
  return {
    headers,
    trailers,
    body: Buffer.concat(body),
    rstCode,
    status: all["grpc-status"]?.toString(),
    message: all["grpc-message"]?.toString(),
  };
}
