import { connect as connectSocket } from "node:net";
import { gzipSync, gunzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { call, envelope, readEnvelopes } from "./raw-call.ts";
import { serveParrot } from "./serve-parrot.ts";

const stream = { "content-type": "application/connect+json" };
const web = { "content-type": "application/grpc-web+json" };
const text = { "content-type": "application/grpc-web-text+json" };

/** What a stream of Connect ended with. */
function lastOf(body: Buffer): unknown {
  const { flags, text: json } = readEnvelopes(body).at(-1)!;
  return { flags, ...(JSON.parse(json) as object) };
}

/** The trailers of a reply of gRPC-Web. */
function trailersOf(body: Buffer): Record<string, string> {
  const { flags, text: lines } = readEnvelopes(body).at(-1)!;
  expect(flags).toBe(0x80);
  expect(lines.endsWith("\r\n")).toBe(true);
  const pairs = lines.trimEnd().split("\r\n");
  return Object.fromEntries(pairs.map((line) => line.split(": ") as [string, string]));
}

describe("a stream of Connect", () => {
  test("is messages in envelopes, and a last one with the outcome", async () => {
    const { url } = await serveParrot();
    const request = envelope('{"text":"a","count":2}');
    const answer = await call(`${url}/test.parrot.v1.Parrot/Repeat`, request, stream);
    expect(answer.status).toBe(200);
    expect(answer.headers["content-type"]).toBe("application/connect+json");
    const [first, second, ...rest] = readEnvelopes(answer.body);
    expect([first?.flags, second?.flags]).toEqual([0, 0]);
    expect(JSON.parse(second!.text)).toMatchObject({ text: "a", count: "2" });
    expect(rest).toEqual([{ flags: 2, text: '{"metadata":{}}' }]);
  });

  test("ends with its error, in HTTP a success", async () => {
    const { url } = await serveParrot();
    const request = envelope('{"text":"fail","count":1}');
    const answer = await call(`${url}/test.parrot.v1.Parrot/Repeat`, request, stream);
    expect(answer.status).toBe(200);
    expect(readEnvelopes(answer.body)).toHaveLength(2);
    expect(lastOf(answer.body)).toMatchObject({
      flags: 2,
      error: {
        code: "not_found",
        details: [{ type: "google.rpc.ErrorInfo", debug: { reason: "NOT_A_PARROT" } }],
      },
    });
  });

  test.for([
    ["an envelope with unknown flags", envelope("{}", 4), "internal"],
    ["an envelope that says how it ended", envelope("{}", 2), "internal"],
    ["an envelope longer than what comes", envelope("{}", 0, 10), "internal"],
    ["half a prefix", Buffer.from([0, 0]), "internal"],
    ["a length above the limit", envelope("{}", 0, 2 ** 31), "resource_exhausted"],
    ["no envelope", Buffer.alloc(0), "unimplemented"],
    ["two envelopes", Buffer.concat([envelope("{}"), envelope("{}")]), "unimplemented"],
    ["a message that is none", envelope("{"), "invalid_argument"],
    ["a packed message without a word on how", envelope("{}", 1), "internal"],
  ] as const)("with %s is refused", async ([, body, code]) => {
    const { url } = await serveParrot();
    const answer = await call(`${url}/test.parrot.v1.Parrot/Repeat`, body, stream);
    expect(answer.status).toBe(200);
    expect(lastOf(answer.body)).toMatchObject({ error: { code } });
  });

  test("may go both ways over HTTP/1.1, one after the other", async () => {
    const { url } = await serveParrot();
    const request = Buffer.concat([envelope('{"text":"a"}'), envelope('{"text":"b"}')]);
    const answer = await call(`${url}/test.parrot.v1.Parrot/Chat`, request, stream);
    const texts = readEnvelopes(answer.body).map((each) => JSON.parse(each.text) as unknown);
    expect(texts).toMatchObject([{ text: "A" }, { text: "B" }, { metadata: {} }]);
  });

  test("has packed messages both ways", async () => {
    const { url } = await serveParrot({ compression: true });
    const request = JSON.stringify({ text: "x".repeat(5000), count: 1 });
    const answer = await call(
      `${url}/test.parrot.v1.Parrot/Repeat`,
      envelope(gzipSync(request), 1),
      { ...stream, "connect-content-encoding": "gzip", "connect-accept-encoding": "br, gzip" },
    );
    expect(answer.headers["connect-content-encoding"]).toBe("gzip");
    expect(answer.body[0]).toBe(1);
    const packed = answer.body.subarray(5, 5 + answer.body.readUInt32BE(1));
    expect(JSON.parse(gunzipSync(packed).toString())).toMatchObject({ text: "x".repeat(5000) });
    expect(answer.body.subarray(5 + packed.length)[0]).toBe(2);
  });

  test("packed as nobody knows is refused, with what is known", async () => {
    const { url } = await serveParrot();
    const headers = { ...stream, "connect-content-encoding": "zstd" };
    const answer = await call(`${url}/test.parrot.v1.Parrot/Repeat`, envelope("{}"), headers);
    expect(lastOf(answer.body)).toMatchObject({ error: { code: "unimplemented" } });
    expect(answer.headers["connect-accept-encoding"]).toContain("gzip");
  });

  test("of a method that is not there ends so", async () => {
    const { url } = await serveParrot();
    const answer = await call(`${url}/test.parrot.v1.Parrot/Sing`, envelope("{}"), stream);
    expect(answer.status).toBe(200);
    expect(lastOf(answer.body)).toMatchObject({ error: { code: "unimplemented" } });
  });

  test("is not what a unary method takes, nor the other way round", async () => {
    const { url } = await serveParrot();
    const unary = await call(`${url}/test.parrot.v1.Parrot/Say`, envelope("{}"), stream);
    expect(unary.status).toBe(415);
    const plain = { "content-type": "application/json" };
    const answer = await call(`${url}/test.parrot.v1.Parrot/Repeat`, "{}", plain);
    expect(answer.status).toBe(415);
    expect(answer.headers["accept-post"]).toContain("application/connect+json");
  });
});

describe("a call over gRPC-Web", () => {
  test("has its trailers in a frame of their own", async () => {
    const { url } = await serveParrot();
    const answer = await call(`${url}/test.parrot.v1.Parrot/Say`, envelope('{"text":"a"}'), web);
    expect(answer.status).toBe(200);
    expect(answer.headers["content-type"]).toBe("application/grpc-web+json");
    expect(JSON.parse(readEnvelopes(answer.body)[0]!.text)).toMatchObject({ text: "a" });
    expect(trailersOf(answer.body)).toEqual({ "grpc-status": "0" });
  });

  test("tells errors by status, message and details", async () => {
    const { url } = await serveParrot();
    const request = envelope('{"text":"fail"}');
    const answer = await call(`${url}/test.parrot.v1.Parrot/Say`, request, web);
    expect(readEnvelopes(answer.body)).toHaveLength(1);
    expect(trailersOf(answer.body)).toEqual({
      "grpc-status": "5",
      "grpc-message": 'nobody says "fail" %E2%80%93 nie',
      "grpc-status-details-bin": expect.stringMatching(/^[A-Za-z0-9+/]+$/) as string,
    });
    expect(answer.headers["grpc-status"]).toBeUndefined();
  });

  test.for([
    ["at once", (frame: Buffer) => frame.toString("base64")],
    [
      "in pieces that are padded",
      (frame: Buffer) =>
        frame.subarray(0, 4).toString("base64") + frame.subarray(4).toString("base64"),
    ],
  ] as const)("can be in base64, %s", async ([, write]) => {
    const { url } = await serveParrot();
    const body = write(envelope('{"text":"ab","count":2}'));
    const answer = await call(`${url}/test.parrot.v1.Parrot/Repeat`, body, text);
    expect(answer.headers["content-type"]).toBe("application/grpc-web-text+json");
    const pieces = answer.body.toString().match(/[^=]+=*/g)!;
    const plain = Buffer.concat(pieces.map((piece) => Buffer.from(piece, "base64")));
    expect(readEnvelopes(plain).map(({ flags }) => flags)).toEqual([0, 0, 0x80]);
    expect(trailersOf(plain)).toEqual({ "grpc-status": "0" });
  });

  test.for([
    ["no base64", "!!!!"],
    ["half a group of base64", "AAAAA"],
    ["padding at the start", "====AAAA"],
  ])("with %s is refused", async ([, body]) => {
    const { url } = await serveParrot();
    const answer = await call(`${url}/test.parrot.v1.Parrot/Say`, body!, text);
    const plain = Buffer.from(answer.body.toString(), "base64");
    expect(trailersOf(plain)["grpc-status"]).toBe("3");
  });

  test("of a method that is not there ends so", async () => {
    const { url } = await serveParrot();
    const answer = await call(`${url}/test.parrot.v1.Parrot/Sing`, envelope("{}"), web);
    expect(answer.status).toBe(200);
    expect(trailersOf(answer.body)["grpc-status"]).toBe("12");
  });
});

test("frames that are cut anywhere are whole again", async () => {
  const { server } = await serveParrot();
  const body = Buffer.concat([envelope('{"text":"a"}'), envelope('{"text":"b"}')]);
  const socket = connectSocket(server.port!, "127.0.0.1");
  const chunks: Buffer[] = [];
  const ended = new Promise<void>((resolve) => {
    socket.on("data", (chunk: Buffer) => {
      chunks.push(chunk);
      if (Buffer.concat(chunks).includes("metadata")) resolve();
    });
  });
  socket.write(
    "POST /test.parrot.v1.Parrot/Collect HTTP/1.1\r\nHost: a\r\nConnection: close\r\n" +
      `Content-Type: application/connect+json\r\nContent-Length: ${body.length}\r\n\r\n`,
  );
  for (const byte of body) {
    await new Promise((resolve) => socket.write(Buffer.from([byte]), resolve)); // oxlint-disable-line no-await-in-loop -- byte by byte
  }
  await ended;
  socket.destroy();
  expect(Buffer.concat(chunks).toString()).toContain('"text":"a b","count":"2"');
});
