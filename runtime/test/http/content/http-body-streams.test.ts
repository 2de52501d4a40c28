import { HttpBodySchema } from "@kratos-ts/runtime/protos/google/api/httpbody_pb.ts";
import type { CallContext } from "@kratos-ts/runtime";
import type { HttpServerOptions } from "@kratos-ts/runtime/http";
import type { DescMessage, MessageInitShape, MessageShape } from "@bufbuild/protobuf";
import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { brotliCompressSync, deflateSync, gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { buildSchema } from "../schema.ts";
import { appInfo, createTestServer, parseRule, send } from "../serve.ts";

const R = buildSchema()("test.v1.R");

type Body = MessageShape<typeof HttpBodySchema>;
type Reply = MessageInitShape<DescMessage>;

/** Serves a stream of bodies that comes in, each in the field `file` beside what the path and query say. */
async function serveUpload(
  handler: (
    requests: AsyncIterable<MessageShape<DescMessage>>,
    context: CallContext,
  ) => Promise<Reply>,
  options: HttpServerOptions = {},
): Promise<number> {
  const server = createTestServer(options);
  const bindings = [parseRule("POST /v1/{id} body=file")] as const;
  server.handle(
    { operation: "/test.v1.Test/Upload", kind: "clientStreaming", input: R, output: R, bindings },
    handler,
  );
  await server.start(appInfo);
  return server.port!;
}

async function serveDownload(
  handler: (context: CallContext) => AsyncIterable<MessageInitShape<typeof HttpBodySchema>>,
  options: HttpServerOptions = {},
): Promise<number> {
  const server = createTestServer(options);
  const bindings = [parseRule("GET /v1")] as const;
  server.handle(
    {
      operation: "/test.v1.Test/Download",
      kind: "serverStreaming",
      input: R,
      output: HttpBodySchema,
      bindings,
    },
    (_, context) => handler(context),
  );
  await server.start(appInfo);
  return server.port!;
}

/** The response to a `GET`, of which nothing is read yet. */
async function open(port: number): Promise<IncomingMessage> {
  const call = request({ port, host: "127.0.0.1", path: "/v1", agent: false });
  call.end();
  const [response] = (await once(call, "response")) as [IncomingMessage];
  return response;
}

/** A promise that is resolved from elsewhere. */
function deferred<T>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve!: (value: T) => void;
  const promise = new Promise<T>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}

const fileOf = (message: unknown) => (message as { file: Body }).file;

describe("an upload", () => {
  test("comes as bodies with their type, as it is sent, beside the path and query", async () => {
    const seen: unknown[] = [];
    const port = await serveUpload(async (requests) => {
      for await (const message of requests) {
        const { id, name, file } = message as unknown as { id: string; name: string; file: Body };
        seen.push([id, name, file.contentType, Buffer.from(file.data).toString()]);
        next();
      }
      return { n: seen.length } as Reply;
    });
    const call = request({
      port,
      host: "127.0.0.1",
      path: "/v1/7?name=q",
      method: "POST",
      headers: { "Content-Type": "image/png" },
    });
    // Each piece is sent when the one before has come.
    const pieces = ["one", "two", "three"];
    function next(): void {
      const piece = pieces.shift();
      if (piece === undefined) call.end();
      else call.write(piece);
    }
    next();
    const [response] = (await once(call, "response")) as [IncomingMessage];
    expect(response.statusCode).toBe(200);
    response.resume();
    expect(seen).toEqual([
      ["7", "q", "image/png", "one"],
      ["7", "", "image/png", "two"],
      ["7", "", "image/png", "three"],
    ]);
  });

  test.for<[what: string, headers: Record<string, string>, body: Buffer | undefined]>([
    ["no body", {}, undefined],
    ["an empty body", {}, Buffer.alloc(0)],
    ["a packed one", { "Content-Encoding": "gzip" }, gzipSync("")],
  ])("of %s is one message without data, with the path and query", async ([, headers, body]) => {
    const seen: unknown[] = [];
    const port = await serveUpload(async (requests) => {
      for await (const message of requests) {
        const { id, name, file } = message as unknown as { id: string; name: string; file: Body };
        seen.push([id, name, file.contentType, file.data.length]);
      }
      return {} as Reply;
    });
    const type = { "Content-Type": "image/png" };
    const { status } = await send(port, "POST /v1/7?name=q", body, { ...type, ...headers });
    expect(status).toBe(200);
    expect(seen).toEqual([["7", "q", "image/png", 0]]);
  });

  test("waits for a handler that is slow, and holds no more of it than a little", async () => {
    const size = 1024 * 1024;
    const count = 48;
    let sent = 0;
    let received = 0;
    let mostHeld = 0;
    const port = await serveUpload(
      async (requests) => {
        for await (const message of requests) {
          received += fileOf(message).data.length;
          mostHeld = Math.max(mostHeld, sent - received);
          await new Promise(setImmediate); // lets the client run ahead if it may
        }
        return { n: received } as Reply;
      },
      { maxBodyBytes: 1000 },
    );
    const call = request({ port, host: "127.0.0.1", path: "/v1/7", method: "POST" });
    const answered = once(call, "response") as Promise<[IncomingMessage]>;
    const piece = Buffer.alloc(size);
    for (let index = 0; index < count; index++) {
      sent += size;
      if (!call.write(piece)) await once(call, "drain"); // oxlint-disable-line no-await-in-loop -- one after the other
    }
    call.end();
    const [response] = await answered;
    response.resume();
    expect(received).toBe(size * count);
    // What the kernel holds for both ends, and little else.
    expect(mostHeld).toBeLessThan(16 * size);
  });

  test.for<[name: string, pack: (text: string) => Buffer]>([
    ["gzip", (text) => gzipSync(text)],
    ["deflate", (text) => deflateSync(text)],
    ["br", (text) => brotliCompressSync(text)],
  ])("in %s is unpacked as it comes", async ([encoding, pack]) => {
    let received = "";
    const port = await serveUpload(async (requests) => {
      for await (const message of requests)
        received += Buffer.from(fileOf(message).data).toString();
      return {} as Reply;
    });
    const headers = { "Content-Encoding": encoding };
    const text = "abc".repeat(100_000);
    const whole = await send(port, "POST /v1/7", pack(text), headers);
    expect(whole.status).toBe(200);
    expect(received).toBe(text);

    const broken = await send(port, "POST /v1/7", pack(text).subarray(0, -5), headers);
    expect(broken.status).toBe(400);
    expect(JSON.parse(broken.body)).toMatchObject({ reason: "CODEC" });
  });

  test("in an encoding that is not known is 415", async () => {
    const port = await serveUpload(() => Promise.resolve({} as Reply));
    const response = await send(port, "POST /v1/7", "x", { "Content-Encoding": "zstd" });
    expect(response.status).toBe(415);
  });

  test("that is broken off ends the handler's loop and signal", async () => {
    const { promise, resolve } = deferred<readonly unknown[]>();
    const port = await serveUpload(async (requests, context) => {
      const { signal } = context;
      try {
        for await (const _ of requests) call.socket?.resetAndDestroy();
      } catch (error) {
        resolve([(error as { code: number }).code, signal.aborted]);
      }
      return {} as Reply;
    });
    const call = request({ port, host: "127.0.0.1", path: "/v1/7", method: "POST" });
    call.on("error", () => undefined);
    call.write("x");
    expect(await promise).toEqual([499, true]);
  });

  test("may be answered before it has ended", async () => {
    const port = await serveUpload(async (requests) => {
      for await (const _ of requests) break;
      return { n: 1 } as Reply;
    });
    const call = request({ port, host: "127.0.0.1", path: "/v1/7", method: "POST" });
    call.write("x");
    const [response] = (await once(call, "response")) as [IncomingMessage];
    expect(response.statusCode).toBe(200);
    call.destroy();
  });
});

describe("a download", () => {
  test("is the bytes of all bodies, of the type of the first", async () => {
    const port = await serveDownload(async function* () {
      yield { contentType: "image/png", data: Buffer.from("one,") };
      yield { contentType: "ignored/ignored", data: Buffer.from("two") };
    });
    const response = await fetch(`http://127.0.0.1:${port}/v1`);
    expect(response.headers.get("content-type")).toBe("image/png");
    expect(await response.text()).toBe("one,two");
  });

  test("without bodies is empty", async () => {
    const port = await serveDownload(async function* () {});
    const response = await fetch(`http://127.0.0.1:${port}/v1`);
    expect(response.headers.get("content-type")).toBe("application/octet-stream");
    expect(await response.text()).toBe("");
  });

  test("has the length that its handler promises", async () => {
    const port = await serveDownload(async function* (context) {
      context.replyHeader.set("Content-Length", "6");
      yield { data: Buffer.from("one") };
      yield { data: Buffer.from("two") };
    });
    const response = await fetch(`http://127.0.0.1:${port}/v1`);
    expect(response.headers.get("content-length")).toBe("6");
    expect(await response.text()).toBe("onetwo");
  });

  test.for(["5", "7"])("breaks off when it is not of the promised length %s", async (length) => {
    const port = await serveDownload(async function* (context) {
      context.replyHeader.set("Content-Length", length);
      yield { data: Buffer.from("one") };
      yield { data: Buffer.from("two") };
    });
    const text = fetch(`http://127.0.0.1:${port}/v1`).then((response) => response.text());
    await expect(text).rejects.toThrow(TypeError);
  });

  test("sent as events has no length of its handler's", async () => {
    const port = await serveDownload(async function* (context) {
      context.replyHeader.set("Content-Length", "3");
      yield { data: Buffer.from("one") };
    });
    const response = await fetch(`http://127.0.0.1:${port}/v1`, {
      headers: { Accept: "text/event-stream" },
    });
    expect(response.headers.get("content-length")).toBe(null);
    expect(await response.text()).toContain("one");
  });

  test("may be kept by caches when its handler says so", async () => {
    const port = await serveDownload(async function* (context) {
      context.replyHeader.set("Cache-Control", "max-age=60");
      yield { data: Buffer.from("x") };
    });
    const response = await fetch(`http://127.0.0.1:${port}/v1`);
    expect(response.headers.get("cache-control")).toBe("max-age=60");
  });

  test("waits for a client that is slow, and holds no more for it than a little", async () => {
    const size = 1024 * 1024;
    const count = 48;
    let sent = 0;
    let received = 0;
    let mostHeld = 0;
    const port = await serveDownload(async function* () {
      for (let index = 0; index < count; index++) {
        yield { data: Buffer.alloc(size) };
        sent += size;
        mostHeld = Math.max(mostHeld, sent - received);
      }
    });
    const response = await open(port);
    for await (const chunk of response) {
      received += (chunk as Buffer).length;
      await new Promise(setImmediate); // lets the server run ahead if it may
    }
    expect(received).toBe(size * count);
    expect(mostHeld).toBeLessThan(16 * size);
  });

  test("ends its handler when the client leaves", async () => {
    const { promise, resolve } = deferred<boolean>();
    const port = await serveDownload(async function* ({ signal }) {
      try {
        for (;;) yield { data: Buffer.alloc(64 * 1024) };
      } finally {
        resolve(signal.aborted);
      }
    });
    const response = await open(port);
    response.destroy();
    expect(await promise).toBe(true);
  });

  test("that fails later on breaks off, so that nobody takes it for whole", async () => {
    const arrived = deferred<unknown>();
    const port = await serveDownload(async function* () {
      yield { data: Buffer.from("x") };
      await arrived.promise;
      throw new Error("later");
    });
    const response = await open(port);
    response.once("data", arrived.resolve);
    const [error] = (await once(response, "error")) as [Error];
    expect(error.message).toBe("aborted");
  });

  test("that fails at first is an error like any other", async () => {
    // oxlint-disable-next-line require-yield -- it fails before
    const port = await serveDownload(async function* () {
      throw new Error("at first");
    });
    const response = await fetch(`http://127.0.0.1:${port}/v1`);
    expect(response.status).toBe(500);
    expect(await response.json()).toMatchObject({ code: 500 });
  });
});
