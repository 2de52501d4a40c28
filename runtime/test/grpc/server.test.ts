import { fromBinary } from "@bufbuild/protobuf";
import type { Middleware } from "@kratos-ts/runtime";
import { createContextKey, KratosError, parseStatusDetails } from "@kratos-ts/runtime";
import { GrpcServer } from "@kratos-ts/runtime/grpc";
import { createLogger, silentLogger } from "@kratos-ts/runtime/log";
import { connect } from "node:net";
import { gzipSync } from "node:zlib";
import { describe, expect, onTestFinished, test } from "vitest";
import { createDeferred } from "./deferred.ts";
import type { EchoClient, EchoHandlers } from "./echo-peers.ts";
import { Chat, Collect, Echo, EchoReplySchema, Repeat } from "./echo-schema.ts";
import { app, connectKratos, createClient, registerEcho, startServer } from "./kratos-peer.ts";
import { frame, rawCall, requestFrame } from "./raw-call.ts";

async function startEcho(handlers: EchoHandlers = {}): Promise<string> {
  const all: EchoHandlers = {
    echo: ({ text }) => ({ text }),
    async *repeat({ text }) {
      yield { text };
    },
    ...handlers,
  };
  const { address } = await startServer((server) => registerEcho(server, all));
  return address;
}

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

  test.for(["text/plain", "application/json", "application/grpc-web", "application/grpc+thrift"])(
    "of the type %s gets HTTP status 415",
    async (type) => {
      const headers = { "content-type": type };
      const reply = await rawCall(await startEcho(), { headers });
      expect(reply.headers[":status"]).toBe(415);
      expect(reply.status).toBeUndefined();
    },
  );

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

describe("deadlines", () => {
  test("end a unary call that exceeds the server's timeout", async () => {
    let reason: unknown;
    const { address } = await startServer(
      (server) => {
        server.handle(Echo, async (_, { signal }) => {
          await new Promise((resolve) => signal.addEventListener("abort", resolve));
          reason = signal.reason;
          return {};
        });
      },
      { timeout: 30 },
    );
    const reply = await rawCall(address, { chunks: [requestFrame({})] });
    expect(reply.status).toBe("4");
    expect(reason).toMatchObject({ code: 504 });
  });

  test("count the time until the request is whole", async () => {
    const { address } = await startServer((server) => server.handle(Echo, () => ({})), {
      timeout: 30,
    });
    const chunks = [requestFrame({ text: "never whole" }).subarray(0, 8)];
    const reply = await rawCall(address, { chunks, halfOpen: true });
    expect(reply).toMatchObject({ status: "4", rstCode: 0 });
  });

  test("are the earlier one of client and server", async () => {
    const deadlines: (number | undefined)[] = [];
    const { address } = await startServer(
      (server) => {
        server.handle(Echo, (_, { deadline }) => {
          deadlines.push(deadline === undefined ? undefined : deadline - Date.now());
          return {};
        });
      },
      { timeout: 5000 },
    );
    const chunks = [requestFrame({})];
    await rawCall(address, { chunks, headers: { "grpc-timeout": "1S" } });
    await rawCall(address, { chunks, headers: { "grpc-timeout": "1H" } });
    await rawCall(address, { chunks });
    expect(deadlines[0]).toBeLessThanOrEqual(1000);
    expect(deadlines[1]).toBeGreaterThan(1000);
    expect(deadlines[1]).toBeLessThanOrEqual(5000);
    expect(deadlines[2]).toBeGreaterThan(1000);
  });

  test("of the server leave streams alone, those of the client do not", async () => {
    const deadlines: (number | undefined)[] = [];
    const { address } = await startServer(
      (server) => {
        server.handle(Repeat, async function* (_, { deadline, signal }) {
          deadlines.push(deadline);
          yield {};
          if (deadline === undefined) return;
          await new Promise((resolve) => signal.addEventListener("abort", resolve));
        });
      },
      { timeout: 1 },
    );
    const call = { path: Repeat.operation, chunks: [requestFrame({})] };
    expect(await rawCall(address, call)).toMatchObject({ status: "0" });
    const reply = await rawCall(address, { ...call, headers: { "grpc-timeout": "30m" } });
    expect(reply.status).toBe("4");
    expect(reply.body).toHaveLength(5);
    expect(deadlines).toEqual([undefined, expect.any(Number)]);
  });

  test("are off with a timeout of 0", async () => {
    let deadline: number | undefined = 0;
    const { address } = await startServer(
      (server) => {
        server.handle(Echo, (_, context) => {
          deadline = context.deadline;
          return {};
        });
      },
      { timeout: 0 },
    );
    await rawCall(address, { chunks: [requestFrame({})] });
    expect(deadline).toBeUndefined();
  });
});

describe("errors", () => {
  test("that are no KratosErrors are logged, and told to nobody", async () => {
    const records: string[] = [];
    const logger = createLogger({ write: (text) => records.push(text), format: "json" });
    const { address } = await startServer(
      (server) => {
        server.handle(Echo, () => {
          throw new Error("password is hunter2");
        });
      },
      { logger },
    );
    const reply = await rawCall(address, { chunks: [requestFrame({})] });
    expect(reply).toMatchObject({ status: "2", message: "internal server error" });
    expect(JSON.stringify(reply)).not.toContain("hunter2");
    expect(records.join("")).toContain("hunter2");
  });

  test("in the causes of others keep code and reason", async () => {
    const address = await startEcho({
      echo() {
        throw new Error("while saving", { cause: new KratosError(409, "BUSY", "try later") });
      },
    });
    const reply = await rawCall(address, { chunks: [requestFrame({})] });
    expect(reply).toMatchObject({ status: "10", message: "try later" });
  });

  test("with code 200 are errors nevertheless", async () => {
    const address = await startEcho({
      echo() {
        throw new KratosError(200, "ODD", "fine?");
      },
    });
    const reply = await rawCall(address, { chunks: [requestFrame({})] });
    expect(reply.status).toBe("2");
    expect(reply.message).toContain("code = 200 reason = ODD");
  });

  test.for([
    ["a synchronous throw", "throw"],
    ["a reply that does not fit", "reply"],
    ["no reply", "nothing"],
  ] as const)("come from %s", async ([, how]) => {
    const address = await startEcho({
      echo() {
        if (how === "throw") throw new Error("bug");
        return (how === "reply" ? { count: "three" } : undefined) as never;
      },
    });
    const reply = await rawCall(address, { chunks: [requestFrame({})] });
    expect(reply.status).toBe("2");
  });

  test("keep the headers that the handler set", async () => {
    const address = await startEcho({
      echo(_, call) {
        call.reply("x-set", "yes");
        throw new KratosError(404, "GONE", "gone");
      },
    });
    const reply = await rawCall(address, { chunks: [requestFrame({})] });
    expect(reply.headers["x-set"]).toBe("yes");
    expect(reply.trailers["grpc-status"]).toBe("5");
  });
});

describe("middleware", () => {
  const traceKey = createContextKey<string[]>("trace");

  function trace(name: string): Middleware {
    return (next) => async (request, context) => {
      context.set(traceKey, [...(context.get(traceKey) ?? []), name]);
      const reply = await next(request, context);
      context.replyHeader.set("x-trace", (context.get(traceKey) ?? []).join(","));
      return reply;
    };
  }

  test("wraps what its selector matches, the longest prefix before shorter ones", async () => {
    const { address } = await startServer(
      (server) => {
        server.use("/test.*", trace("service"));
        server.use("/test.echo.v1.EchoService/E*", trace("prefix"));
        server.use(Repeat.operation, trace("exact"));
        server.handle(Echo, () => ({}));
        server.handle(Repeat, async function* () {
          yield {};
        });
        server.handle(Collect, () => ({}));
      },
      { middleware: [trace("first"), trace("second")] },
    );
    const traceOf = async (path: string): Promise<unknown> => {
      const reply = await rawCall(address, { path, chunks: [requestFrame({})] });
      return reply.headers["x-trace"];
    };
    expect(await traceOf(Echo.operation)).toBe("first,second,prefix");
    expect(await traceOf(Repeat.operation)).toBe("first,second,exact");
    expect(await traceOf(Collect.operation)).toBe("first,second,service");
  });

  test("runs once per stream, and sees its iterables", async () => {
    let calls = 0;
    const upper: Middleware = (next) => async (request, context) => {
      calls++;
      const replies = (await next(request, context)) as AsyncIterable<{ text: string }>;
      return (async function* () {
        for await (const reply of replies) yield { text: reply.text.toUpperCase() };
      })();
    };
    const { address } = await startServer(
      (server) => {
        server.handle(Chat, async function* (requests) {
          for await (const { text } of requests) yield { text };
        });
      },
      { middleware: [upper] },
    );
    async function* requests(): AsyncIterable<{ text: string }> {
      yield { text: "a" };
      yield { text: "b" };
    }
    const texts: string[] = [];
    for await (const { text } of connectKratos(address).chat(requests())) texts.push(text);
    expect(texts).toEqual(["A", "B"]);
    expect(calls).toBe(1);
  });

  test("turns an error into a reply", async () => {
    const rescue: Middleware = (next) => async (request, context) => {
      try {
        return await next(request, context);
      } catch {
        return { text: "rescued" };
      }
    };
    const { address } = await startServer(
      (server) => {
        server.handle(Echo, () => {
          throw new Error("bug");
        });
      },
      { middleware: [rescue] },
    );
    expect(await connectKratos(address).echo({})).toMatchObject({ text: "rescued" });
  });
});

describe("the context of a call", () => {
  test("knows operation, peer, endpoint and metadata", async () => {
    let seen: unknown;
    const { address, server } = await startServer((router) => {
      router.handle(Echo, (_, context) => {
        seen = {
          side: context.side,
          kind: context.kind,
          operation: context.operation,
          endpoint: context.endpoint,
          peer: context.peer,
          keys: context.requestHeader.keys(),
          values: context.requestHeader.values("X-Many"),
          aborted: context.signal.aborted,
        };
        return {};
      });
    });
    await rawCall(address, {
      headers: { "x-many": ["1", "2, 3"], "user-agent": "raw" },
      chunks: [requestFrame({})],
    });
    expect(seen).toEqual({
      side: "server",
      kind: "grpc",
      operation: Echo.operation,
      endpoint: (await server.endpoint()).href,
      peer: expect.stringMatching(/^127\.0\.0\.1:\d+$/),
      keys: ["x-many", "user-agent"],
      values: ["1", "2, 3"],
      aborted: false,
    });
  });
});

describe("a slow reader", () => {
  const payload = new Uint8Array(64 * 1024);

  /** Long enough for a producer that nobody stops to run to its end. */
  async function letOthersRun(client: EchoClient): Promise<void> {
    for (let i = 0; i < 100; i++) await client.echo({});
  }

  test("stops the handler that streams to it", async () => {
    let produced = 0;
    const address = await startEcho({
      async *repeat() {
        for (; produced < 1000; produced++) yield { payload };
      },
    });
    const client = connectKratos(address);
    const replies = client.repeat({})[Symbol.asyncIterator]();
    await replies.next();
    await letOthersRun(client);
    expect(produced).toBeLessThan(200);
    let read = 1;
    for (let step = await replies.next(); step.done !== true; step = await replies.next()) read++;
    expect(read).toBe(1000);
  });

  test("stops the client that streams to it", async () => {
    const reading = createDeferred();
    const address = await startEcho({
      async collect(requests) {
        await reading.promise;
        let count = 0;
        for await (const _ of requests) count++;
        return { count };
      },
    });
    let produced = 0;
    const client = connectKratos(address);
    const reply = client.collect(
      (async function* () {
        for (; produced < 1000; produced++) yield { payload };
      })(),
    );
    await letOthersRun(client);
    expect(produced).toBeLessThan(200);
    reading.resolve();
    expect(await reply).toMatchObject({ count: 1000 });
  });
});

describe("registration", () => {
  test("refuses a method that is there", () => {
    const server = new GrpcServer({ logger: silentLogger });
    server.handle(Echo, () => ({}));
    expect(() => server.handle(Echo, () => ({}))).toThrow(
      'the gRPC method "/test.echo.v1.EchoService/Echo" is registered already',
    );
  });

  test("refuses methods and middleware after the start", async () => {
    const { server } = await startServer(() => undefined);
    expect(() => server.handle(Echo, () => ({}))).toThrow(/has started/);
    expect(() => server.use("*")).toThrow(/has started/);
  });
});

describe("listening", () => {
  test("names the address that is in use", async () => {
    const { address } = await startServer(() => undefined);
    const second = new GrpcServer({ addr: address, logger: silentLogger });
    await expect(second.start(app)).rejects.toMatchObject({
      name: "ListenError",
      code: "EADDRINUSE",
      message: expect.stringContaining(address),
    });
    await second.stop(new AbortController().signal);
  });

  test("lets clients wait until the start", async () => {
    const server = new GrpcServer({ addr: "127.0.0.1:0", logger: silentLogger });
    onTestFinished(() => server.stop(AbortSignal.abort()));
    server.handle(Echo, ({ text }) => ({ text }));
    const endpoint = await server.endpoint();
    const reply = connectKratos(endpoint.host).echo({ text: "patient" });
    await new Promise((resolve) => setImmediate(resolve));
    await server.start(app);
    expect(await reply).toMatchObject({ text: "patient" });
  });

  test("works on a Unix socket", async () => {
    const path = `/tmp/kratos-grpc-${process.pid}-${performance.now()}.sock`;
    const { server } = await startServer(
      (router) => router.handle(Echo, ({ text }) => ({ text })),
      {
        network: "unix",
        addr: path,
      },
    );
    expect((await server.endpoint()).href).toBe(`unix://${path}`);
    const echo = createClient(`unix://${path}`).method(Echo);
    expect(await echo({ text: "local" })).toMatchObject({ text: "local" });
  });

  test("takes a message limit", async () => {
    const { address } = await startServer((server) => server.handle(Echo, () => ({})), {
      maxReceiveBytes: 10,
    });
    const size = (text: string): number => requestFrame({ text }).length - 5;
    expect(size("12345678")).toBe(10);
    const send = (text: string): Promise<{ status: string | undefined }> =>
      rawCall(address, { chunks: [requestFrame({ text })] });
    expect(await send("12345678")).toMatchObject({ status: "0" });
    expect(await send("123456789")).toMatchObject({ status: "8" });
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
