import type { HttpServerOptions } from "@kratos-ts/runtime/http";
import { request } from "node:http";
import {
  brotliCompressSync,
  brotliDecompressSync,
  deflateRawSync,
  deflateSync,
  gunzipSync,
  gzipSync,
} from "node:zlib";
import { describe, expect, test } from "vitest";
import type { UnaryHandler } from "../../../src/transport/method.ts";
import type { DescMessage } from "@bufbuild/protobuf";
import { buildSchema } from "../schema.ts";
import { type RawResponse, send, serveRules } from "../serve.ts";

const R = buildSchema()("test.v1.R");

type Handle = UnaryHandler<DescMessage, DescMessage>;

const echo: Handle = (message) => message;

/** JSON of about so many bytes. */
const textOf = (size: number) => JSON.stringify({ name: "x".repeat(size) });

describe("a compressed body", () => {
  const packers: Readonly<Record<string, (bytes: string) => Buffer>> = {
    gzip: (text) => gzipSync(text),
    "X-GZIP": (text) => gzipSync(text),
    deflate: (text) => deflateSync(text),
    "deflate without a header": (text) => deflateRawSync(text),
    br: (text) => brotliCompressSync(text),
    identity: (text) => Buffer.from(text),
  };

  async function post(
    name: string,
    bytes: Buffer,
    options: HttpServerOptions = {},
  ): Promise<Omit<RawResponse, "body"> & { body: Record<string, unknown> }> {
    const port = await serveRules(["POST /v1 body=*"], R, R, echo, options);
    const headers = { "Content-Encoding": name.split(" ")[0]! };
    const response = await send(port, "POST /v1", bytes, headers);
    const { body } = response;
    return { ...response, body: JSON.parse(body) as Record<string, unknown> };
  }

  test.for(
    Object.keys(packers).flatMap((name) => [10, 1_000_000].map((size) => [name, size] as const)),
  )("in %s is read, of %i bytes", async ([name, size]) => {
    const { status, body } = await post(name, packers[name]!(textOf(size)));
    expect(status).toBe(200);
    expect(body["name"]).toHaveLength(size);
  });

  test("that is large even so is read", async () => {
    // Hardly anything to be saved.
    const name = Array.from({ length: 60_000 }, (_, index) =>
      ((index * 7919) % 100_003).toString(36),
    ).join("");
    const bytes = gzipSync(JSON.stringify({ name }));
    expect(bytes.length).toBeGreaterThan(64 * 1024);
    expect((await post("gzip", bytes)).body["name"]).toBe(name);
  });

  test.for(Object.keys(packers).slice(0, -1))("in %s that is broken is 400", async (name) => {
    const whole = packers[name]!(textOf(1000));
    const cut = await post(name, whole.subarray(0, -5));
    expect(cut).toMatchObject({ status: 400, body: { reason: "CODEC" } });
    expect(cut.body["message"]).toMatch(/^the body is not (gzip|deflate|br): /);
  });

  test.for(["gzip", "deflate", "br"])("in %s is 413 as soon as it is too large", async (name) => {
    const limits = { maxBodyBytes: 300_000 };
    for (const size of [299_000, 301_000, 50_000_000]) {
      const { status, body } = await post(name, packers[name]!(textOf(size)), limits);
      const isRead = size < 300_000;
      expect([status, body["reason"]]).toEqual(isRead ? [200, undefined] : [413, "BODY_TOO_LARGE"]);
    }
    const small = await post(name, packers[name]!(textOf(1001)), { maxBodyBytes: 1000 });
    expect(small.status).toBe(413);
  });

  test.for(["zstd", "gzip, br", "gzip, gzip", "x"])("in %s is 415", async (name) => {
    const { status, headers, body } = await post(name.replace(" ", ""), gzipSync("{}"));
    expect(headers.get("accept-encoding")).toBe("gzip, deflate, br");
    expect({ status, body }).toMatchObject({
      status: 415,
      body: {
        reason: "CODEC",
        message: expect.stringContaining('use one of "gzip", "deflate", "br"'),
      },
    });
  });

  test("of the wrong type is 415 without encodings", async () => {
    const port = await serveRules(["POST /v1 body=*"], R, R, echo);
    const headers = { "Content-Type": "text/x", "Content-Encoding": "gzip" };
    const response = await send(port, "POST /v1", gzipSync("{}"), headers);
    expect(response.status).toBe(415);
    expect(response.headers.get("accept-encoding")).toBeUndefined();
  });

  test("may be empty", async () => {
    expect((await post("gzip", Buffer.alloc(0))).status).toBe(200);
  });
});

describe("a reply of a server that compresses", () => {
  const unpackers = { gzip: gunzipSync, br: brotliDecompressSync };

  /** What Node's client gets, which undoes no encoding. */
  function get(
    port: number,
    accepted: string | undefined,
    method = "GET",
  ): Promise<{ headers: Record<string, unknown>; bytes: Buffer; status: number }> {
    return new Promise((resolve, reject) => {
      const headers = accepted === undefined ? {} : { "Accept-Encoding": accepted };
      const call = request({ port, host: "127.0.0.1", path: "/v1", method, headers, agent: false });
      call.on("error", reject).on("response", (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("end", () =>
          resolve({
            headers: response.headers,
            bytes: Buffer.concat(chunks),
            status: response.statusCode!,
          }),
        );
      });
      call.end();
    });
  }

  const serve = (handler: Handle, options: HttpServerOptions = {}) =>
    serveRules(["GET /v1", "HEAD /v1"], R, R, handler, { compression: true, ...options });

  test.for(
    (["gzip", "br"] as const).flatMap((name) =>
      [2000, 500_000].map((size) => [name, size] as const),
    ),
  )("goes out in %s, of %i bytes", async ([name, size]) => {
    const port = await serve(() => ({ name: "ä".repeat(size) }));
    const { headers, bytes } = await get(port, name);
    expect(headers).toMatchObject({
      "content-encoding": name,
      "content-type": "application/json",
      "content-length": String(bytes.length),
      vary: "Accept-Encoding",
    });
    expect(bytes.length).toBeLessThan(5000);
    const message = JSON.parse(unpackers[name](bytes).toString()) as Record<string, unknown>;
    expect(message["name"]).toBe("ä".repeat(size));
  });

  test("goes out as it is to whoever cannot read it otherwise", async () => {
    const port = await serve(() => ({ name: "x".repeat(2000) }));
    for (const accepted of [undefined, "identity", "br;q=0"]) {
      const { headers, bytes } = await get(port, accepted);
      expect(headers).toMatchObject({ vary: "Accept-Encoding" });
      expect(headers).not.toHaveProperty("content-encoding");
      expect(bytes.toString()).toContain('"name":"xxx');
    }
  });

  test("goes out as it is when it is small", async () => {
    const port = await serve(() => ({ name: "x" }), { compression: { threshold: 5000 } });
    const { headers } = await get(port, "gzip");
    expect(headers).not.toHaveProperty("content-encoding");
    expect(headers).not.toHaveProperty("vary");
  });

  test("goes out as the options say", async () => {
    const compression = { encodings: ["gzip"], threshold: 0, level: 9 } as const;
    const port = await serve(() => ({}), { compression });
    expect((await get(port, "gzip, br")).headers).toMatchObject({ "content-encoding": "gzip" });
  });

  test("has the same head for HEAD", async () => {
    const port = await serve(() => ({ name: "x".repeat(2000) }));
    const whole = await get(port, "br");
    const head = await get(port, "br", "HEAD");
    expect(head.bytes).toHaveLength(0);
    expect(head.headers["content-length"]).toBe(whole.headers["content-length"]);
    expect(head.headers["content-encoding"]).toBe("br");
  });

  test("keeps the headers of the handler", async () => {
    const port = await serve((_, context) => {
      context.replyHeader.set("ETag", '"1"');
      context.replyHeader.set("Vary", "Origin");
      return { name: "x".repeat(2000) };
    });
    const { headers } = await get(port, "br");
    expect(headers).toMatchObject({ etag: '"1"', vary: "Origin, Accept-Encoding" });
  });

  test("is left alone when the handler has compressed it", async () => {
    const port = await serveRules(
      ["GET /v1 response=file"],
      R,
      R,
      (_, context) => {
        context.replyHeader.set("Content-Encoding", "gzip");
        return { file: { contentType: "text/plain", data: gzipSync("x".repeat(1_000_000)) } };
      },
      { compression: true },
    );
    const { headers, bytes } = await get(port, "br");
    expect(headers).toMatchObject({ "content-encoding": "gzip" });
    expect(gunzipSync(bytes).toString()).toHaveLength(1_000_000);
  });

  test("that is an error goes out as it is, without what was said of another body", async () => {
    const port = await serve((_, context) => {
      context.replyHeader.set("Content-Encoding", "gzip");
      context.replyHeader.set("Content-Type", "image/png");
      context.replyHeader.set("ETag", '"1"');
      context.replyHeader.set("X-A", "1");
      throw new Error("x");
    });
    const { status, headers, bytes } = await get(port, "br");
    expect(status).toBe(500);
    expect(headers).toMatchObject({ "content-type": "application/json", "x-a": "1" });
    expect(headers).not.toHaveProperty("content-encoding");
    expect(headers).not.toHaveProperty("etag");
    expect(JSON.parse(bytes.toString())).toMatchObject({ code: 500 });
  });

  test("with a type that no header can have is an error, however large it is", async () => {
    for (const size of [2000, 100_000]) {
      const port = await serveRules(
        ["GET /v1 response=file"],
        R,
        R,
        () => ({ file: { contentType: "text/plain\r\nX: 1", data: Buffer.alloc(size) } }),
        { compression: true },
      );
      const { status, headers, bytes } = await get(port, "br");
      expect(status).toBe(500);
      expect(headers).not.toHaveProperty("content-encoding");
      expect(JSON.parse(bytes.toString())).toMatchObject({ code: 500 });
    }
  });

  test("is not sent to a client that has left meanwhile", async () => {
    let called = 0;
    const port = await serve(() => {
      called++;
      return { name: "x".repeat(3_000_000) };
    });
    const call = request({
      port,
      host: "127.0.0.1",
      path: "/v1",
      headers: { "Accept-Encoding": "br" },
    });
    call.on("error", () => undefined);
    call.end(() => setImmediate(() => call.destroy()));
    await new Promise((resolve) => call.on("close", resolve));
    expect((await get(port, "br")).status).toBe(200);
    expect(called).toBeGreaterThan(0);
  });

  test("is compressed for nobody by default", async () => {
    const port = await serve(() => ({ name: "x".repeat(100_000) }), { compression: undefined });
    const { headers, bytes } = await get(port, "br, gzip");
    expect(headers).not.toHaveProperty("content-encoding");
    expect(headers).not.toHaveProperty("vary");
    expect(bytes.length).toBeGreaterThan(100_000);
  });
});
