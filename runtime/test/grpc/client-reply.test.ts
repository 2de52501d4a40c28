import type { ServerHttp2Stream } from "node:http2";
import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { Echo } from "./echo-schema.ts";
import { createClient } from "./kratos-peer.ts";
import { frame } from "./raw-call.ts";
import { headers, replyFrame, respond, startRawServer } from "./raw-server.ts";

describe("a reply", () => {
  test("is read when each byte comes alone", async () => {
    const address = await startRawServer((stream) => {
      const bytes = [...replyFrame({ text: "slow", count: 7 })];
      respond(
        stream,
        bytes.map((byte) => Uint8Array.of(byte)),
        { "grpc-status": "0" },
      );
    });
    const reply = await createClient(address).method(Echo)({});
    expect(reply).toMatchObject({ text: "slow", count: 7 });
  });

  test("may be compressed with gzip", async () => {
    const address = await startRawServer((stream) => {
      const body = gzipSync(replyFrame({ text: "squeezed" }).subarray(5));
      stream.respond({ ...headers, "grpc-encoding": "gzip" }, { waitForTrailers: true });
      stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
      stream.end(frame(body, 1));
    });
    expect(await createClient(address).method(Echo)({})).toMatchObject({ text: "squeezed" });
  });

  test("ends well with any number that is zero", async () => {
    const address = await startRawServer((stream) => {
      respond(stream, [replyFrame({ text: "x" })], { "grpc-status": "00" });
    });
    expect(await createClient(address).method(Echo)({})).toMatchObject({ text: "x" });
  });

  test.for<
    [what: string, code: number, message: RegExp, answer: (stream: ServerHttp2Stream) => void]
  >([
    ["with no message", 501, /sent none/, (s) => respond(s, [], { "grpc-status": "0" })],
    [
      "with two messages",
      501,
      /sent more/,
      (s) => respond(s, [replyFrame({}), replyFrame({})], { "grpc-status": "0" }),
    ],
    [
      "with a message that ends early",
      500,
      /ended inside a message/,
      (s) => respond(s, [replyFrame({ text: "x" }).subarray(0, 6)], { "grpc-status": "0" }),
    ],
    [
      "with bytes that are no message",
      500,
      /cannot be read/,
      (s) => respond(s, [frame(Buffer.from([0x0f, 0xff]))], { "grpc-status": "0" }),
    ],
    [
      "in an encoding that was not asked for",
      500,
      /the encoding "snappy"/,
      (s) => {
        s.respond({ ...headers, "grpc-encoding": "snappy" }, { waitForTrailers: true });
        s.on("wantTrailers", () => s.sendTrailers({ "grpc-status": "0" }));
        s.end(frame(new Uint8Array(1), 1));
      },
    ],
    [
      "with unknown flags",
      500,
      /unknown flags 7/,
      (s) => respond(s, [frame(new Uint8Array(1), 7)], { "grpc-status": "0" }),
    ],
    [
      "with a length above the limit",
      429,
      /larger than the limit/,
      (s) => respond(s, [Buffer.from([0, 0x7f, 0, 0, 0])], {}),
    ],
    ["without trailers", 500, /without a status/, (s) => (s.respond(headers), s.end())],
    [
      "with two messages, without an end,",
      501,
      /sent more/,
      (s) => (s.respond(headers), s.write(replyFrame({})), s.write(replyFrame({}))),
    ],
    [
      "of a page",
      500,
      /content-type "text\/html", is it a gRPC server/,
      (s) => (s.respond({ ":status": 200, "content-type": "text/html" }), s.end("<html>")),
    ],
    [
      "of no type",
      500,
      /answered with no content-type/,
      (s) => (s.respond({ ":status": 200 }), s.end()),
    ],
    ["without a status", 500, /without a grpc-status/, (s) => respond(s, [], { "x-other": "1" })],
    ["of a web server", 501, /HTTP status 404/, (s) => (s.respond({ ":status": 404 }), s.end("?"))],
    [
      "of a proxy",
      503,
      /HTTP status 502/,
      (s) => s.respond({ ":status": 502 }, { endStream: true }),
    ],
    ["that is reset", 429, /error code 11/, (s) => s.close(11)],
    ["that is reset as canceled", 499, /error code 8/, (s) => s.close(8)],
    [
      "with a status beside an HTTP error",
      403,
      /^no$/,
      (s) =>
        s.respond(
          { ":status": 403, "grpc-status": "7", "grpc-message": "no" },
          { endStream: true },
        ),
    ],
  ])("%s is an error", async ([, code, message, answer]) => {
    const address = await startRawServer(answer);
    const call = createClient(address).method(Echo)({});
    const error: unknown = await call.catch((reason: unknown) => reason);
    expect(error).toMatchObject({ name: "KratosError", code });
    expect((error as Error).message).toMatch(message);
  });

  test("shows its headers while it still comes, and with an error", async () => {
    const address = await startRawServer((stream) => {
      stream.respond(
        { ":status": 200, "grpc-status": "5", "x-a": ["1", "2"] },
        { endStream: true },
      );
    });
    let header: ReadonlyMap<string, readonly string[]> | undefined;
    const onHeader = (map: ReadonlyMap<string, readonly string[]>): void => {
      header = map;
    };
    await expect(createClient(address).method(Echo)({}, { onHeader })).rejects.toMatchObject({
      code: 404,
    });
    expect(header?.get("x-a")).toEqual(["1", "2"]);
    expect(header?.has("grpc-status")).toBe(false);
  });
});
