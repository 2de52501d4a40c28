import { describe, expect, test } from "vitest";
import { clientPreface, FrameFlag, FrameType } from "../../src/transport/http2/stack/frame.ts";
import type { RawField } from "./raw-client.ts";
import {
  block,
  data,
  frame,
  ping,
  RawClient,
  request,
  requestFields,
  reset,
  settings,
  uint32,
  windowUpdate,
} from "./raw-client.ts";
import { EchoSink, startEngine } from "./start-engine.ts";

const { END_HEADERS, END_STREAM, PADDED, PRIORITY, ACK } = FrameFlag;
const whole = END_HEADERS | END_STREAM;

/** Frames in, and what becomes of it: see `RawClient.outcome`. */
type Case = readonly [title: string, frames: readonly Uint8Array[], outcome: readonly string[]];

async function run(frames: readonly Uint8Array[], bare = false): Promise<RawClient> {
  const { port } = await startEngine((stream) => new EchoSink(stream));
  const client = await RawClient.connect(port, bare);
  client.send(...frames);
  return client;
}

/** Cases after which the connection still answers a ping, unless it was closed. */
function check(cases: readonly Case[]): void {
  test.for(cases)("%s", async ([, frames, outcome]) => {
    const client = await run(frames);
    const alive = await client.settle();
    expect(client.outcome()).toEqual(outcome);
    expect(alive).toBe(!outcome.some((line) => line.startsWith("goaway")));
  });
}

/** A request whose fields are these alone. */
function only(...fields: readonly RawField[]): Uint8Array {
  return frame(FrameType.HEADERS, whole, 1, block(...fields));
}

const [method, scheme, path, authority] = requestFields as [RawField, RawField, RawField, RawField];

describe("the preface", () => {
  test("that is no HTTP/2 ends the connection", async () => {
    const client = await run([Buffer.from("GET / HTTP/1.1\r\nhost: x\r\n\r\n")], true);
    await client.closed;
    expect(client.outcome()).toEqual(["goaway 1"]);
  });

  test("may come byte by byte, with a request behind it", async () => {
    const { port } = await startEngine((stream) => new EchoSink(stream));
    const client = await RawClient.connect(port, true);
    const bytes = Buffer.concat([Buffer.from(clientPreface), settings(), request(1, [], true)]);
    for (const byte of Buffer.concat([bytes, data(1, "abc", true)])) {
      await new Promise((resolve) => client.socket.write(Buffer.of(byte), resolve));
    }
    await client.settle();
    expect(client.outcome()).toEqual(["reply 1 3"]);
  });

  test.for([
    ["a ping", ping],
    ["an answer to settings", frame(FrameType.SETTINGS, ACK, 0)],
    ["a request", request(1)],
  ] as const)("is not followed by %s", async ([, bytes]) => {
    const client = await run([Buffer.from(clientPreface), bytes], true);
    await client.closed;
    expect(client.outcome()).toEqual(["goaway 1"]);
  });
});

describe("a request", () => {
  check([
    ["without a body is answered", [request(1)], ["reply 1 0"]],
    [
      "with a body in several frames is answered",
      [request(1, [], true), data(1, "ab"), data(1, ""), data(1, "c", true)],
      ["reply 1 3"],
    ],
    [
      "with trailers is answered",
      [
        request(1, [], true),
        data(1, "ab"),
        frame(FrameType.HEADERS, whole, 1, block(["grade", "a"])),
      ],
      ["reply 1 2"],
    ],
    [
      "with a block in three frames is answered",
      [
        frame(FrameType.HEADERS, END_STREAM, 1, block(method)),
        frame(FrameType.CONTINUATION, 0, 1, block(scheme, path)),
        frame(FrameType.CONTINUATION, END_HEADERS, 1, block(authority)),
      ],
      ["reply 1 0"],
    ],
    [
      "with padding and a priority is answered",
      [
        frame(
          FrameType.HEADERS,
          END_HEADERS | PADDED | PRIORITY,
          1,
          Buffer.concat([
            Buffer.of(3),
            uint32(0),
            Buffer.of(9),
            block(...requestFields),
            Buffer.alloc(3),
          ]),
        ),
        frame(FrameType.DATA, PADDED | END_STREAM, 1, Buffer.from([2, 65, 66, 67, 0, 0])),
      ],
      ["reply 1 3"],
    ],
    ["may skip ids", [request(5), request(9)], ["reply 5 0", "reply 9 0"]],
    ["without an authority is answered", [only(method, scheme, path)], ["reply 1 0"]],
    [
      "with the authority as host, too, is answered",
      [request(1, [["host", "LocalHost:80"]])],
      ["reply 1 0"],
    ],
    ["for * is answered", [only([":method", "OPTIONS"], scheme, [":path", "*"])], ["reply 1 0"]],
    ["that takes trailers is answered", [request(1, [["te", "trailers"]])], ["reply 1 0"]],
  ]);
});

describe("a malformed request is reset", () => {
  const malformed: readonly (readonly [title: string, ...fields: RawField[]])[] = [
    ["without a method", scheme, path],
    ["without a scheme", method, path],
    ["without a path", method, scheme],
    ["with an empty path", method, scheme, [":path", ""]],
    ["with a path that does not begin with a slash", method, scheme, [":path", "x"]],
    ["with two methods", method, method, scheme, path],
    ["with two schemes", method, scheme, scheme, path],
    ["with two paths", method, scheme, path, path],
    ["with a pseudo-header behind a header", method, scheme, ["a", "b"], path],
    ["with an unknown pseudo-header", method, scheme, path, [":protocol", "x"]],
    ["with a pseudo-header of responses", method, scheme, path, [":status", "200"]],
    ["with a name in upper case", method, scheme, path, ["Name", "x"]],
    ["with a name that is no token", method, scheme, path, ["na me", "x"]],
    ["with an empty name", method, scheme, path, ["", "x"]],
    ["with a line break in a value", method, scheme, path, ["a", "b\r\nc: d"]],
    ["with a zero byte in a value", method, scheme, path, ["a", "b\0"]],
    ["with a value that begins with a space", method, scheme, path, ["a", " b"]],
    ["with a value that ends with a tab", method, scheme, path, ["a", "b\t"]],
    ["for another host than the authority", method, scheme, path, authority, ["host", "other"]],
    ["for a host on another port", method, scheme, path, authority, ["host", "localhost:443"]],
    ["with two hosts", method, scheme, path, ["host", "localhost"], ["host", "localhost"]],
    ["with a pseudo-header behind a cookie", method, scheme, ["cookie", "b"], path],
    ["with a connection header", method, scheme, path, ["connection", "close"]],
    ["with keep-alive", method, scheme, path, ["keep-alive", "1"]],
    ["with proxy-connection", method, scheme, path, ["proxy-connection", "close"]],
    ["with transfer-encoding", method, scheme, path, ["transfer-encoding", "chunked"]],
    ["with upgrade", method, scheme, path, ["upgrade", "h2c"]],
    ["with another te than trailers", method, scheme, path, ["te", "gzip"]],
    ["with a content-length that is no number", method, scheme, path, ["content-length", "1x"]],
    ["with two lengths", method, scheme, path, ["content-length", "0"], ["content-length", "1"]],
    ["that connects to a path", [":method", "CONNECT"], authority, path],
  ];
  test.for(malformed)("%s", async ([, ...fields]) => {
    const client = await run([only(...fields), request(3)]);
    await client.settle();
    expect(client.outcome()).toEqual(["reset 1 1", "reply 3 0"]);
  });

  const length = (value: string): RawField => ["content-length", value];
  check([
    [
      "with more bytes than promised",
      [request(1, [length("2")], true), data(1, "abc")],
      ["reset 1 1"],
    ],
    [
      "with less bytes than promised",
      [request(1, [length("4")], true), data(1, "ab"), data(1, "c", true)],
      ["reset 1 1"],
    ],
    ["with bytes promised and none sent", [request(1, [length("4")])], ["reset 1 1"]],
    [
      "with less than promised before trailers",
      [request(1, [length("4")], true), frame(FrameType.HEADERS, whole, 1, block(["grade", "a"]))],
      ["reset 1 1"],
    ],
    [
      "with trailers that do not end it",
      [request(1, [], true), frame(FrameType.HEADERS, END_HEADERS, 1, block(["a", "b"]))],
      ["reset 1 1"],
    ],
    [
      "with a pseudo-header in its trailers",
      [request(1, [], true), frame(FrameType.HEADERS, whole, 1, block(path))],
      ["reset 1 1"],
    ],
    [
      "that depends on itself",
      [
        frame(
          FrameType.HEADERS,
          whole | PRIORITY,
          1,
          Buffer.concat([uint32(1), Buffer.of(0), block(...requestFields)]),
        ),
      ],
      ["reset 1 1"],
    ],
  ]);
});

describe("frames on a stream that is not open", () => {
  const opened = request(1, [], true);
  check([
    ["DATA before HEADERS", [data(1, "x")], ["goaway 1"]],
    ["RST_STREAM before HEADERS", [reset(1, 8)], ["goaway 1"]],
    ["WINDOW_UPDATE before HEADERS", [windowUpdate(1, 1)], ["goaway 1"]],
    ["CONTINUATION before HEADERS", [frame(FrameType.CONTINUATION, 4, 1)], ["goaway 1"]],
    ["DATA after the end", [request(1), data(1, "x")], ["reply 1 0", "goaway 5"]],
    ["HEADERS after the end", [request(1), request(1)], ["reply 1 0", "goaway 5"]],
    ["DATA after a reset", [opened, reset(1, 8), data(1, "x")], ["goaway 5"]],
    ["HEADERS after a reset", [opened, reset(1, 8), request(1)], ["goaway 5"]],
    ["an id below the last one", [request(5), request(3)], ["reply 5 0", "goaway 5"]],
    ["an even id", [request(2)], ["goaway 1"]],
    ["WINDOW_UPDATE after the end", [request(1), windowUpdate(1, 9)], ["reply 1 0"]],
    ["RST_STREAM after the end", [request(1), reset(1, 8)], ["reply 1 0"]],
    [
      "PRIORITY before and after",
      [
        frame(FrameType.PRIORITY, 0, 3, Buffer.alloc(5)),
        request(1),
        frame(FrameType.PRIORITY, 0, 1, Buffer.alloc(5)),
      ],
      ["reply 1 0"],
    ],
    [
      "DATA and trailers that cross a reset of ours",
      [
        request(1, [["content-length", "1"]], true),
        data(1, "xyz"),
        data(1, "more"),
        frame(FrameType.HEADERS, whole, 1, block(["a", "b"])),
        request(3),
      ],
      ["reset 1 1", "reply 3 0"],
    ],
  ]);
});

describe("a frame of a wrong size or place", () => {
  const headers = block(...requestFields);
  check([
    ["DATA on stream 0", [data(0, "x")], ["goaway 1"]],
    ["HEADERS on stream 0", [request(0)], ["goaway 1"]],
    ["PRIORITY on stream 0", [frame(FrameType.PRIORITY, 0, 0, Buffer.alloc(5))], ["goaway 1"]],
    ["RST_STREAM on stream 0", [reset(0, 8)], ["goaway 1"]],
    ["SETTINGS on a stream", [frame(FrameType.SETTINGS, 0, 1)], ["goaway 1"]],
    ["PING on a stream", [frame(FrameType.PING, 0, 1, Buffer.alloc(8))], ["goaway 1"]],
    ["GOAWAY on a stream", [frame(FrameType.GOAWAY, 0, 1, Buffer.alloc(8))], ["goaway 1"]],
    ["PUSH_PROMISE", [frame(FrameType.PUSH_PROMISE, 4, 1, uint32(2))], ["goaway 1"]],
    ["PING of 6 bytes", [frame(FrameType.PING, 0, 0, Buffer.alloc(6))], ["goaway 6"]],
    ["GOAWAY of 6 bytes", [frame(FrameType.GOAWAY, 0, 0, Buffer.alloc(6))], ["goaway 6"]],
    ["SETTINGS of 5 bytes", [frame(FrameType.SETTINGS, 0, 0, Buffer.alloc(5))], ["goaway 6"]],
    [
      "an answer to SETTINGS with some",
      [frame(FrameType.SETTINGS, ACK, 0, Buffer.alloc(6))],
      ["goaway 6"],
    ],
    [
      "WINDOW_UPDATE of 3 bytes",
      [frame(FrameType.WINDOW_UPDATE, 0, 0, Buffer.alloc(3))],
      ["goaway 6"],
    ],
    [
      "RST_STREAM of 3 bytes",
      [request(1, [], true), frame(FrameType.RST_STREAM, 0, 1, Buffer.alloc(3))],
      ["goaway 6"],
    ],
    [
      "PRIORITY of 4 bytes",
      [request(1, [], true), frame(FrameType.PRIORITY, 0, 1, Buffer.alloc(4))],
      ["reset 1 6"],
    ],
    [
      "PRIORITY on itself",
      [request(1, [], true), frame(FrameType.PRIORITY, 0, 1, Buffer.from([0, 0, 0, 1, 0]))],
      ["reset 1 1"],
    ],
    ["DATA of 16385 bytes", [request(1, [], true), data(1, Buffer.alloc(16_385))], ["goaway 6"]],
    [
      "DATA of 16384 bytes",
      [request(1, [], true), data(1, Buffer.alloc(16_384), true)],
      ["reply 1 16384"],
    ],
    ["an unknown frame of 16385 bytes", [frame(0x42, 0, 0, Buffer.alloc(16_385))], ["goaway 6"]],
    ["an unknown frame", [frame(0x42, 0xff, 7, Buffer.alloc(20)), request(1)], ["reply 1 0"]],
    ["unknown flags", [frame(FrameType.PING, 0xf6, 0, Buffer.alloc(8)), request(1)], ["reply 1 0"]],
    [
      "DATA that is all padding",
      [request(1, [], true), frame(FrameType.DATA, PADDED, 1, Buffer.from([5, 0, 0, 0, 0]))],
      ["goaway 1"],
    ],
    [
      "padded DATA without a length",
      [request(1, [], true), frame(FrameType.DATA, PADDED, 1)],
      ["goaway 6"],
    ],
    [
      "HEADERS that are all padding",
      [frame(FrameType.HEADERS, whole | PADDED, 1, Buffer.concat([Buffer.of(250), headers]))],
      ["goaway 1"],
    ],
    [
      "padded HEADERS without a length",
      [frame(FrameType.HEADERS, whole | PADDED, 1)],
      ["goaway 6"],
    ],
    [
      "HEADERS with half a priority",
      [frame(FrameType.HEADERS, whole | PRIORITY, 1, uint32(0))],
      ["goaway 6"],
    ],
    [
      "an id with its reserved bit set",
      [frame(FrameType.HEADERS, whole, 0x8000_0001, headers)],
      ["reply 1 0"],
    ],
  ]);
});

describe("a header block that is interrupted", () => {
  const begun = frame(FrameType.HEADERS, END_STREAM, 1, block(...requestFields));
  test.for([
    ["by PING", ping],
    ["by DATA", data(1, "x")],
    ["by other HEADERS", request(3)],
    ["by PRIORITY", frame(FrameType.PRIORITY, 0, 1, Buffer.alloc(5))],
    ["by an unknown frame", frame(0x42, 0, 1)],
    ["by CONTINUATION of another stream", frame(FrameType.CONTINUATION, END_HEADERS, 3)],
  ] as const)("%s ends the connection", async ([, bytes]) => {
    const client = await run([begun, bytes]);
    await client.closed;
    expect(client.outcome()).toEqual(["goaway 1"]);
  });

  check([
    [
      "CONTINUATION behind the end",
      [request(1), frame(FrameType.CONTINUATION, END_HEADERS, 1)],
      ["reply 1 0", "goaway 1"],
    ],
  ]);
});

describe("compression", () => {
  const bytes = (...values: number[]): Uint8Array[] => [
    frame(FrameType.HEADERS, whole, 1, Buffer.from(values)),
  ];
  check([
    ["index 0", bytes(0x80), ["goaway 9"]],
    ["an index beyond the tables", bytes(0xff, 0x00), ["goaway 9"]],
    ["a number without an end", bytes(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f), ["goaway 9"]],
    ["a number that is cut off", bytes(0xff, 0x80), ["goaway 9"]],
    ["a string that is cut off", bytes(0x00, 0x05, 0x61), ["goaway 9"]],
    ["a field without a value", bytes(0x41), ["goaway 9"]],
    ["Huffman padding of 8 bits", bytes(0x00, 0x82, 0x1f, 0xff, 0x01, 0x61), ["goaway 9"]],
    ["Huffman padding with zeros", bytes(0x00, 0x81, 0x18, 0x01, 0x61), ["goaway 9"]],
    [
      "Huffman's end of string",
      bytes(0x00, 0x84, 0xff, 0xff, 0xff, 0xff, 0x01, 0x61),
      ["goaway 9"],
    ],
    ["a table larger than 4096 bytes", bytes(0x3f, 0xe2, 0x1f), ["goaway 9"]],
    ["a table update behind a field", bytes(0x82, 0x20), ["goaway 9"]],
    ["two table updates first", bytes(0x20, 0x3f, 0xe1, 0x1f, 0x83, 0x84, 0x86), ["reply 1 0"]],
    ["an empty block", bytes(), ["reset 1 1"]],
  ]);

  test("is the same for all that follow a block that was refused", async () => {
    const indexed = Buffer.concat([Buffer.of(0x40), block(["x-kept", "1"]).subarray(1)]);
    const client = await run([
      frame(FrameType.HEADERS, whole, 1, Buffer.concat([block(["Bad", "x"]), indexed])),
      frame(FrameType.HEADERS, whole, 3, Buffer.concat([block(...requestFields), Buffer.of(0xbe)])),
    ]);
    await client.settle();
    expect(client.outcome()).toEqual(["reset 1 1", "reply 3 0"]);
  });
});

describe("settings", () => {
  check([
    ["of ENABLE_PUSH 2", [settings([2, 2])], ["goaway 1"]],
    ["of a window of 2^31", [settings([4, 2 ** 31])], ["goaway 3"]],
    ["of frames of 16383 bytes", [settings([5, 16_383])], ["goaway 1"]],
    ["of frames of 2^24 bytes", [settings([5, 2 ** 24])], ["goaway 1"]],
    ["that nobody knows", [settings([0xff, 7]), request(1)], ["reply 1 0"]],
    [
      "33 at once",
      [settings(...Array.from({ length: 33 }, () => [0xff, 7] as const))],
      ["goaway 11"],
    ],
    ["twice the same one", [settings([4, 0], [4, 100]), request(1)], ["reply 1 0"]],
  ]);

  test("are answered in order, each", async () => {
    const client = await run([settings([3, 1]), settings([4, 7])]);
    await client.settle();
    const acks = client.frames.filter(({ type, flags }) => type === 4 && flags === ACK);
    expect(acks).toHaveLength(3);
  });

  test("of ours come first, and tell the limits", async () => {
    const client = await run([], true);
    const first = await client.find(() => true);
    expect(first).toMatchObject({ type: FrameType.SETTINGS, flags: 0, id: 0 });
    expect(first?.payload.toString("hex")).toBe("000300000064000400040000000600010000");
  });
});

describe("windows", () => {
  check([
    ["widened by nothing", [windowUpdate(0, 0)], ["goaway 1"]],
    ["of a stream widened by nothing", [request(1, [], true), windowUpdate(1, 0)], ["reset 1 1"]],
    ["above 2^31-1", [windowUpdate(0, 2 ** 31 - 1)], ["goaway 3"]],
    [
      "of a stream above 2^31-1",
      [request(1, [], true), windowUpdate(1, 2 ** 31 - 1)],
      ["reset 1 3"],
    ],
    [
      "of a stream above 2^31-1 by settings",
      [request(1, [], true), windowUpdate(1, 2 ** 31 - 65_536), settings([4, 65_536])],
      ["goaway 3"],
    ],
  ]);
});

test("a ping is answered with what it held", async () => {
  const client = await run([frame(FrameType.PING, 0, 0, Buffer.from("12345678"))]);
  const pong = await client.find(({ type }) => type === FrameType.PING);
  expect(pong).toMatchObject({ flags: ACK, id: 0 });
  expect(pong?.payload.toString()).toBe("12345678");
});

test("a client that says goodbye gets its answers, and then the end", async () => {
  const client = await run([
    request(1, [], true),
    frame(FrameType.GOAWAY, 0, 0, uint32(0, 0)),
    data(1, "x", true),
  ]);
  await client.closed;
  expect(client.outcome()).toEqual(["goaway 0", "reply 1 1"]);
});
