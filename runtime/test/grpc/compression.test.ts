import { create, toBinary } from "@bufbuild/protobuf";
import { Client, credentials, Metadata } from "@grpc/grpc-js";
import { createClient as createConnectClient } from "@connectrpc/connect";
import { compressionGzip, createGrpcTransport } from "@connectrpc/connect-node";
import type { GrpcServerOptions } from "@kratos-ts/runtime/grpc";
import { gunzipSync, gzipSync } from "node:zlib";
import { describe, expect, onTestFinished, test } from "vitest";
import { unpack } from "../../src/transport/grpc/protocol/gzip.ts";
import { Chat, Collect, Echo, EchoRequestSchema, EchoService, Repeat } from "./echo-schema.ts";
import { echoDefinition } from "./grpc-js-echo.ts";
import { startServer } from "./kratos-peer.ts";
import { frame, rawCall, requestFrame } from "./raw-call.ts";

const text = "word ".repeat(1000);

async function serve(options: GrpcServerOptions = {}): Promise<string> {
  const { address } = await startServer((router) => {
    router.handle(Echo, (request) => ({ text: request.text }));
    router.handle(Repeat, async function* (request) {
      for (let i = 0; i < request.count; i++) yield { text: i % 2 === 0 ? request.text : "short" };
    });
    router.handle(Collect, async (requests) => {
      let count = 0;
      for await (const request of requests) count += request.text.length;
      return { count };
    });
    router.handle(Chat, async function* (requests) {
      for await (const request of requests) yield { text: request.text };
    });
  }, options);
  return address;
}

/** A request of the test's service, compressed. */
function packedFrame(size: number): Buffer {
  const body = toBinary(EchoRequestSchema, create(EchoRequestSchema, { text: "x".repeat(size) }));
  return frame(gzipSync(body), 1);
}

const accepting = { "grpc-accept-encoding": "deflate, gzip" };

describe("replies", () => {
  test("are compressed when they are large, for clients that can read it", async () => {
    const address = await serve({ compression: true });
    const { headers, body } = await rawCall(address, {
      headers: accepting,
      chunks: [requestFrame({ text })],
    });
    expect(headers["grpc-encoding"]).toBe("gzip");
    expect(body[0]).toBe(1);
    expect(body.length).toBeLessThan(200);
    expect(gunzipSync(body.subarray(5)).includes(text)).toBe(true);
  });

  test.for([
    ["that are small", "tiny", accepting],
    ["for clients that cannot read it", text, {}],
    ["for clients that read others", text, { "grpc-accept-encoding": "deflate,br" }],
  ] as const)("go out as they are %s", async ([, content, headers]) => {
    const address = await serve({ compression: { threshold: 100 } });
    const { body } = await rawCall(address, { headers, chunks: [requestFrame({ text: content })] });
    expect(body[0]).toBe(0);
    expect(body.includes(content)).toBe(true);
  });

  test("go out as they are by default", async () => {
    const { headers, body } = await rawCall(await serve(), {
      headers: accepting,
      chunks: [requestFrame({ text })],
    });
    expect(headers["grpc-encoding"]).toBeUndefined();
    expect(body[0]).toBe(0);
  });

  test.for([100, 1_000_000])("of %i bytes are read by grpc-js, streams too", async (size) => {
    const address = await serve({ compression: { threshold: 50 } });
    const client = new Client(address, credentials.createInsecure());
    onTestFinished(() => client.close());
    const { path, requestSerialize, responseDeserialize } = echoDefinition.Repeat;
    const stream = client.makeServerStreamRequest(
      path,
      requestSerialize,
      responseDeserialize,
      { text: "y".repeat(size), count: 3 },
      new Metadata(),
    );
    const lengths: number[] = [];
    for await (const reply of stream) lengths.push((reply as { text: string }).text.length);
    expect(lengths).toEqual([size, 5, size]);
  });

  test("and requests of Connect's client are read when both are compressed", async () => {
    const transport = createGrpcTransport({
      baseUrl: `http://${await serve({ compression: true })}`,
      sendCompression: compressionGzip,
      acceptCompression: [compressionGzip],
    });
    const large = text.repeat(20);
    expect(await createConnectClient(EchoService, transport).echo({ text: large })).toMatchObject({
      text: large,
    });
  });

  test("above the limit fail with RESOURCE_EXHAUSTED", async () => {
    const address = await serve({ maxSendBytes: 1000 });
    const { status, message } = await rawCall(address, { chunks: [requestFrame({ text })] });
    expect(status).toBe("8");
    expect(message).toBe("a reply of 5003 bytes is larger than the limit of 1000 bytes");
  });

  test.for([0, 10, 1.5])("have no compression level %f", async (level) => {
    await expect(serve({ compression: { level } })).rejects.toThrow("from 1 to 9");
  });
});

describe("compressed requests", () => {
  const gzip = { "grpc-encoding": "gzip" };

  test.for([10, 100_000, 3_000_000])("of %i bytes are read", async (size) => {
    const { body, status } = await rawCall(await serve(), {
      headers: gzip,
      chunks: [packedFrame(size)],
    });
    expect(status).toBe("0");
    expect(body.length).toBeGreaterThan(size);
  });

  test("are read in their order, uncompressed ones between them", async () => {
    const { body, status } = await rawCall(await serve(), {
      path: "/test.echo.v1.EchoService/Chat",
      headers: gzip,
      chunks: [packedFrame(200_000), requestFrame({ text: "plain" }), packedFrame(3)],
    });
    expect(status).toBe("0");
    const lengths: number[] = [];
    for (let at = 0; at < body.length; at += 5 + body.readUInt32BE(at + 1)) {
      lengths.push(body.readUInt32BE(at + 1));
    }
    expect(lengths).toEqual([200_004, 7, 5]);
  });

  test.for(["Echo", "Repeat", "Collect"])(
    "of %s that grow above the limit fail, and no more than it is unpacked",
    async (method) => {
      const bomb = frame(gzipSync(Buffer.alloc(50_000_000)), 1);
      const before = process.memoryUsage().arrayBuffers;
      const { status, message } = await rawCall(await serve(), {
        path: `/test.echo.v1.EchoService/${method}`,
        headers: gzip,
        chunks: [bomb],
      });
      expect(status).toBe("8");
      expect(message).toContain("larger, uncompressed, than the limit of 4194304 bytes");
      expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(20_000_000);
    },
  );

  test.for(["Echo", "Collect"])("of %s that are no gzip fail with INTERNAL", async (method) => {
    for (const size of [10, 5000]) {
      const { status } = await rawCall(await serve(), {
        path: `/test.echo.v1.EchoService/${method}`,
        headers: gzip,
        chunks: [frame(Buffer.alloc(size, 7), 1)],
      });
      expect(status).toBe("13");
    }
  });

  test("that wait for a slow handler wait compressed", async () => {
    const { address } = await startServer((router) => {
      router.handle(Collect, async (requests) => {
        let count = 0;
        for await (const request of requests) {
          count += request.text.length;
          await new Promise((resolve) => setImmediate(resolve));
        }
        return { count };
      });
    });
    const one = packedFrame(3_000_000);
    const before = process.memoryUsage().arrayBuffers;
    const { status } = await rawCall(address, {
      path: "/test.echo.v1.EchoService/Collect",
      headers: gzip,
      chunks: [Buffer.concat(Array.from({ length: 30 }, () => one))],
    });
    expect(status).toBe("0");
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(60_000_000);
  });

  test("of a method with one request may not be two, however long the first takes", async () => {
    const { status } = await rawCall(await serve(), {
      headers: gzip,
      chunks: [Buffer.concat([packedFrame(3_000_000), requestFrame({})])],
    });
    expect(status).toBe("12");
  });
});

test("a small message that becomes large is unpacked beside the event loop", async () => {
  const limit = 4 * 1024 * 1024;
  expect(unpack(gzipSync(Buffer.alloc(1000)), limit)).toHaveLength(1000);
  const large = unpack(gzipSync(Buffer.alloc(900_000)), limit);
  expect(large).toBeInstanceOf(Promise);
  expect(await large).toHaveLength(900_000);
  const failure = { code: 8, message: expect.stringContaining("larger, uncompressed") };
  await expect(unpack(gzipSync(Buffer.alloc(50_000)), 40_000)).rejects.toMatchObject(failure);
  expect(() => unpack(gzipSync(Buffer.alloc(50_000)), 20_000)).toThrow(
    expect.objectContaining(failure),
  );
});
