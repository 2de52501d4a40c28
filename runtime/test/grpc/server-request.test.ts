import { fromBinary } from "@bufbuild/protobuf";
import { parseStatusDetails } from "@kratos-ts/runtime";
import { connect } from "node:net";
import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { Collect, EchoReplySchema } from "./echo-schema.ts";
import { connectKratos, startEcho } from "./kratos-peer.ts";
import { frame, rawCall, requestFrame } from "./raw-call.ts";

describe("a request on the wire", () => {
  test("is answered with headers, one message and trailers", async () => {
    const reply = await rawCall(await startEcho(), { chunks: [requestFrame({ text: "hi" })] });
    expect(reply.headers).toMatchObject({ ":status": 200, "content-type": "application/grpc" });
    expect(reply.trailers).toMatchObject({ "grpc-status": "0" });
    expect(reply.rstCode).toBe(0);
    expect(reply.body[0]).toBe(0);
    expect(reply.body.readUInt32BE(1)).toBe(reply.body.length - 5);
    expect(fromBinary(EchoReplySchema, reply.body.subarray(5))).toMatchObject({ text: "hi" });
  });

  test("is read when each byte comes alone", async () => {
    const bytes = requestFrame({ text: "byte by byte", payload: new Uint8Array(20) });
    const chunks = [...bytes].map((byte) => Uint8Array.of(byte));
    const reply = await rawCall(await startEcho(), { chunks });
    expect(reply.status).toBe("0");
    expect(fromBinary(EchoReplySchema, reply.body.subarray(5)).text).toBe("byte by byte");
  });

  test("may hold several messages in one chunk, cut anywhere", async () => {
    const address = await startEcho({
      async collect(requests) {
        const texts: string[] = [];
        for await (const { text } of requests) texts.push(text);
        return { text: texts.join(",") };
      },
    });
    const bytes = Buffer.concat(["a", "b", "", "cc"].map((text) => requestFrame({ text })));
    for (const cut of [1, 5, 7, 9, bytes.length - 1]) {
      const chunks = [bytes.subarray(0, cut), bytes.subarray(cut)];
      const path = Collect.operation;
      const reply = await rawCall(address, { path, chunks });
      expect(fromBinary(EchoReplySchema, reply.body.subarray(5)).text).toBe("a,b,,cc");
    }
  });

  test("may be compressed with gzip", async () => {
    const plain = requestFrame({ text: "squeezed" }).subarray(5);
    const reply = await rawCall(await startEcho(), {
      headers: { "grpc-encoding": "gzip" },
      chunks: [frame(gzipSync(plain), 1)],
    });
    expect(fromBinary(EchoReplySchema, reply.body.subarray(5)).text).toBe("squeezed");
  });

  test("may be JSON", async () => {
    const reply = await rawCall(await startEcho(), {
      headers: { "content-type": "application/grpc+json" },
      chunks: [frame(Buffer.from('{"text":"jäson","unknown":1}'))],
    });
    expect(reply.headers["content-type"]).toBe("application/grpc+json");
    expect(JSON.parse(reply.body.subarray(5).toString())).toMatchObject({ text: "jäson" });
  });

  test.for(["application/grpc+proto", "application/grpc; charset=utf-8", "Application/gRPC"])(
    "may have the content type %s",
    async (type) => {
      const reply = await rawCall(await startEcho(), {
        headers: { "content-type": type },
        chunks: [requestFrame({})],
      });
      expect(reply.status).toBe("0");
    },
  );
});

const bomb = gzipSync(Buffer.alloc(5 * 1024 * 1024));

describe("a request that is wrong", () => {
  test.for([
    ["bytes that are no message", [frame(Buffer.from([0x0f, 0xff, 0xff]))], "3"],
    ["no message", [], "12"],
    ["two messages", [requestFrame({}), requestFrame({})], "12"],
    ["a prefix that ends early", [Buffer.from([0, 0, 0])], "13"],
    ["a message that ends early", [requestFrame({ text: "long" }).subarray(0, 7)], "13"],
    ["unknown flags", [frame(new Uint8Array(3), 2)], "13"],
    ["a length above the limit", [Buffer.from([0, 0, 0x40, 0, 1])], "8"],
    ["a length of 4 GiB", [Buffer.from([0, 0xff, 0xff, 0xff, 0xff])], "8"],
    ["a compressed message without an encoding", [frame(gzipSync(""), 1)], "13"],
  ] as const)("with %s fails with a status", async ([, chunks, status]) => {
    const reply = await rawCall(await startEcho(), { chunks });
    expect(reply.headers[":status"]).toBe(200);
    expect(reply.status).toBe(status);
    expect(reply.message).not.toBe("");
    expect(reply.body).toHaveLength(0);
  });

  test.for([
    ["is no gzip", frame(Buffer.from("plain"), 1), "13"],
    ["grows above the limit", frame(bomb, 1), "8"],
  ] as const)("with gzip that %s fails with a status", async ([, chunk, status]) => {
    const reply = await rawCall(await startEcho(), {
      headers: { "grpc-encoding": "gzip" },
      chunks: [chunk],
    });
    expect(reply.status).toBe(status);
  });

  test("with bytes that are no message has the reason CODEC", async () => {
    const chunks = [frame(Buffer.from([0x0f, 0xff, 0xff]))];
    const reply = await rawCall(await startEcho(), { chunks });
    const details = Buffer.from(String(reply.headers["grpc-status-details-bin"]), "base64");
    expect(parseStatusDetails(details)).toMatchObject({ reason: "CODEC" });
  });

  test("in an unknown encoding is told which are known", async () => {
    const reply = await rawCall(await startEcho(), {
      headers: { "grpc-encoding": "snappy" },
      chunks: [frame(new Uint8Array(1), 1)],
    });
    expect(reply.status).toBe("12");
    expect(reply.headers["grpc-accept-encoding"]).toBe("gzip,identity");
  });

  test.for(["/test.echo.v1.EchoService/Nope", "/nope/Echo", "/", "/test.echo.v1.EchoService"])(
    "for %s is unimplemented",
    async (path) => {
      const reply = await rawCall(await startEcho(), { path, chunks: [requestFrame({})] });
      expect(reply.status).toBe("12");
      expect(reply.message).toContain(path);
    },
  );

  test.for([
    "text/plain",
    "application/xml",
    "application/grpc-web+xml",
    "application/grpc+thrift",
  ])("of the type %s gets HTTP status 415", async (type) => {
    const headers = { "content-type": type };
    const reply = await rawCall(await startEcho(), { headers });
    expect(reply.headers[":status"]).toBe(415);
    expect(reply.status).toBeUndefined();
  });

  test("with another method than POST gets HTTP status 405", async () => {
    const reply = await rawCall(await startEcho(), { headers: { ":method": "PUT" } });
    expect(reply.headers).toMatchObject({ ":status": 405, allow: "POST" });
  });

  test.for(["", "5", "S", "1.5S", "-1S", "123456789S", "5s"])(
    'with the grpc-timeout "%s" fails',
    async (timeout) => {
      const reply = await rawCall(await startEcho(), {
        headers: { "grpc-timeout": timeout },
        chunks: [requestFrame({})],
      });
      expect(reply.status).toBe("3");
    },
  );

  test("is answered and cut off while the client still sends", async () => {
    const reply = await rawCall(await startEcho(), { path: "/no/Such", halfOpen: true });
    expect(reply).toMatchObject({ status: "12", rstCode: 0 });
  });

  test("leaves the server answering others", async () => {
    const address = await startEcho();
    await rawCall(address, { chunks: [frame(new Uint8Array(3), 9)] });
    const socket = connect(Number(address.split(":")[1]), "127.0.0.1");
    await new Promise((resolve) => {
      socket.once("close", resolve);
      socket.on("error", () => undefined);
      socket.resume();
      socket.end("GET / HTTP/1.1\r\n\r\n");
    });
    expect(await connectKratos(address).echo({ text: "fine" })).toMatchObject({ text: "fine" });
  });
});

test("fields of a request that is decoded from a view outlive the call", async () => {
  const payloads: Uint8Array[] = [];
  const address = await startEcho({
    echo({ payload }) {
      payloads.push(payload);
      return {};
    },
  });
  const client = connectKratos(address);
  for (let i = 0; i < 50; i++) await client.echo({ payload: new Uint8Array(100).fill(i) });
  expect(payloads.map((payload) => payload[99])).toEqual(Array.from({ length: 50 }, (_, i) => i));
});
