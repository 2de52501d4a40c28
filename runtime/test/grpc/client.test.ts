import { create, toBinary } from "@bufbuild/protobuf";
import type { Middleware } from "@kratos-ts/runtime";
import { KratosError } from "@kratos-ts/runtime";
import { execFile } from "node:child_process";
import type { Http2Server, ServerHttp2Session, ServerHttp2Stream } from "node:http2";
import { createServer as createHttp2Server } from "node:http2";
import type { AddressInfo, Server } from "node:net";
import { createServer as createNetServer } from "node:net";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";
import { describe, expect, onTestFinished, test } from "vitest";
import { createDeferred } from "./deferred.ts";
import { Chat, Collect, Echo, EchoReplySchema, Repeat } from "./echo-schema.ts";
import type { ReplyInit } from "./grpc-js-echo.ts";
import { app, createClient, startServer } from "./kratos-peer.ts";
import { frame } from "./raw-call.ts";

async function listen(server: Server | Http2Server, port = 0): Promise<string> {
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A server that answers every stream as `answer` says. */
async function startRawServer(
  answer: (stream: ServerHttp2Stream, index: number) => void,
): Promise<string> {
  let index = 0;
  const sessions = new Set<ServerHttp2Session>();
  const server = createHttp2Server();
  server.on("session", (session) => sessions.add(session));
  server.on("stream", (stream) => {
    stream.on("error", () => undefined);
    stream.resume();
    answer(stream, index++);
  });
  onTestFinished(() => {
    for (const session of sessions) session.destroy();
    server.close();
  });
  return listen(server);
}

const headers = { ":status": 200, "content-type": "application/grpc" };

function replyFrame(reply: ReplyInit): Buffer {
  return frame(toBinary(EchoReplySchema, create(EchoReplySchema, reply)));
}

function respond(
  stream: ServerHttp2Stream,
  chunks: readonly Uint8Array[],
  trailers: Record<string, string>,
): void {
  stream.respond(headers, { waitForTrailers: true });
  stream.on("wantTrailers", () => stream.sendTrailers(trailers));
  for (const chunk of chunks) stream.write(chunk);
  stream.end();
}

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

  test.for<
    [what: string, code: number, message: RegExp, answer: (stream: ServerHttp2Stream) => void]
  >([
    ["with no message", 501, /sent 0/, (s) => respond(s, [], { "grpc-status": "0" })],
    [
      "with two messages",
      501,
      /sent 2/,
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

describe("a request", () => {
  test("says all that gRPC wants", async () => {
    let seen: Record<string, unknown> = {};
    const server = createHttp2Server();
    onTestFinished(() => void server.close());
    server.on("stream", (stream, fields) => {
      seen = fields;
      respond(stream, [replyFrame({})], { "grpc-status": "0" });
    });
    const address = await listen(server);
    await createClient(address).method(Echo)({}, { headers: { "X-Many": ["1", "2"] } });
    expect(seen).toMatchObject({
      ":method": "POST",
      ":path": Echo.operation,
      ":scheme": "http",
      ":authority": address,
      "content-type": "application/grpc",
      te: "trailers",
      "user-agent": expect.stringContaining("kratos"),
      "grpc-timeout": expect.stringMatching(/^\d{1,8}u$/),
      "x-many": "1, 2",
    });
  });

  test("without a timeout has no grpc-timeout", async () => {
    const { address } = await startServer(
      (server) => {
        server.handle(Echo, (_, { deadline }) => ({ text: String(deadline) }));
      },
      { timeout: 0 },
    );
    const echo = createClient(address).method(Echo);
    expect(await echo({}, { timeout: 0 })).toMatchObject({ text: "undefined" });
    expect(await createClient(address, { timeout: 0 }).method(Echo)({})).toMatchObject({
      text: "undefined",
    });
  });

  test("that does not fit its type is refused before it is sent", async () => {
    const { address } = await startServer((server) => server.handle(Echo, () => ({})));
    const call = createClient(address).method(Echo)({ count: "three" as never });
    await expect(call).rejects.toMatchObject({ code: 400, reason: "CODEC" });
  });

  test("with headers that gRPC cannot carry is refused", async () => {
    const { address } = await startServer((server) => server.handle(Echo, () => ({})));
    const call = createClient(address).method(Echo)({}, { headers: { "x-name": "Jürgen" } });
    await expect(call).rejects.toThrow(/printable ASCII/);
  });

  test("stream that throws cancels the call, and its error is the call's", async () => {
    const canceled = createDeferred();
    const { address } = await startServer((server) => {
      server.handle(Collect, async (requests, { signal }) => {
        signal.addEventListener("abort", () => canceled.resolve());
        for await (const _ of requests);
        return {};
      });
    });
    const cause = new Error("disk is gone");
    async function* requests(): AsyncIterable<{ text: string }> {
      yield { text: "a" };
      throw cause;
    }
    const call = createClient(address).method(Collect)(requests());
    await expect(call).rejects.toMatchObject({ code: 500, message: "disk is gone", cause });
    await canceled.promise;
  });
});

describe("canceling", () => {
  test("before the call begins sends nothing", async () => {
    let calls = 0;
    const { address } = await startServer((server) => {
      server.handle(Echo, () => {
        calls++;
        return {};
      });
    });
    const echo = createClient(address).method(Echo);
    const reason = new Error("changed my mind");
    const call = echo({}, { signal: AbortSignal.abort(reason) });
    await expect(call).rejects.toMatchObject({ code: 499, cause: reason });
    await echo({});
    expect(calls).toBe(1);
  });

  test("while connecting ends the call", async () => {
    const silent = createNetServer(() => undefined);
    onTestFinished(() => void silent.close());
    const address = await listen(silent);
    const controller = new AbortController();
    const call = createClient(address).method(Echo)({}, { signal: controller.signal });
    controller.abort();
    await expect(call).rejects.toMatchObject({ code: 499 });
  });

  test("by a timeout signal is a timeout", async () => {
    const { address } = await startServer((server) => {
      server.handle(Echo, () => new Promise(() => undefined));
    });
    const call = createClient(address).method(Echo)({}, { signal: AbortSignal.timeout(20) });
    await expect(call).rejects.toMatchObject({ code: 504 });
  });

  test("with the reason of an outer call keeps its code", async () => {
    const { address } = await startServer((server) => server.handle(Echo, () => ({})));
    const signal = AbortSignal.abort(new KratosError(504, "OUTER", "too late"));
    const call = createClient(address).method(Echo)({}, { signal });
    await expect(call).rejects.toMatchObject({ code: 504, reason: "OUTER" });
  });

  test("a bidi call while its reader waits ends the wait", async () => {
    const { address } = await startServer((server) => {
      server.handle(Chat, async function* (requests) {
        for await (const _ of requests) yield {};
      });
    });
    const controller = new AbortController();
    async function* requests(): AsyncIterable<{ text: string }> {
      yield { text: "a" };
      await new Promise(() => undefined);
    }
    const chat = createClient(address).method(Chat);
    const replies = chat(requests(), { signal: controller.signal })[Symbol.asyncIterator]();
    await replies.next();
    const waiting = replies.next().catch((error: unknown) => error);
    controller.abort();
    expect(await waiting).toMatchObject({ code: 499 });
    expect(await replies.next()).toMatchObject({ done: true });
  });

  test("leaves no listener on a signal that many calls share", async () => {
    const { address } = await startServer((server) => {
      server.handle(Echo, () => ({}));
      server.handle(Repeat, async function* () {
        yield {};
      });
    });
    const client = createClient(address);
    const [echo, repeat] = [client.method(Echo), client.method(Repeat)];
    const { signal } = new AbortController();
    let listeners = 0;
    const { addEventListener, removeEventListener } = signal;
    signal.addEventListener = (...args: Parameters<typeof addEventListener>) => {
      listeners++;
      addEventListener.apply(signal, args);
    };
    signal.removeEventListener = (...args: Parameters<typeof removeEventListener>) => {
      listeners--;
      removeEventListener.apply(signal, args);
    };
    for (let i = 0; i < 20; i++) {
      await echo({}, { signal });
      for await (const _ of repeat({}, { signal }));
      for await (const _ of repeat({}, { signal })) break;
    }
    expect(listeners).toBe(0);
  });
});

describe("the timeout", () => {
  test("counts the time to connect", async () => {
    // Takes the connection and says nothing: the call waits for its reply.
    const silent = createNetServer((socket) => socket.resume());
    onTestFinished(() => void silent.close());
    const address = await listen(silent);
    const call = createClient(address, { timeout: 40 }).method(Echo)({});
    await expect(call).rejects.toMatchObject({ code: 504 });
  });

  test("does not hold for streams, unless the call has its own", async () => {
    const { address } = await startServer((server) => {
      server.handle(Repeat, async function* (_, { deadline }) {
        yield { text: String(deadline) };
        if (deadline !== undefined) await new Promise(() => undefined);
      });
    });
    const repeat = createClient(address, { timeout: 1 }).method(Repeat);
    for await (const { text } of repeat({})) expect(text).toBe("undefined");
    const read = async (): Promise<void> => {
      for await (const { text } of repeat({}, { timeout: 50 })) expect(text).toMatch(/^\d+/);
    };
    await expect(read()).rejects.toMatchObject({ code: 504 });
  });
});

describe("connections", () => {
  test("that cannot be opened are errors with a cause", async () => {
    const server = createNetServer();
    const address = await listen(server);
    await new Promise((resolve) => server.close(resolve));
    await expect(createClient(address).method(Echo)({})).rejects.toMatchObject({
      code: 503,
      message: expect.stringContaining(address),
      cause: expect.objectContaining({ code: "ECONNREFUSED" }),
    });
  });

  test("to servers that speak something else are errors", async () => {
    const server = createNetServer((socket) => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n"));
    onTestFinished(() => void server.close());
    const address = await listen(server);
    await expect(createClient(address).method(Echo)({})).rejects.toMatchObject({ code: 503 });
  });

  test("that were lost fail the calls on them, and the next call opens another", async () => {
    const sessions: ServerHttp2Session[] = [];
    const { server } = await startLossyServer(sessions);
    const echo = createClient(server).method(Echo);
    expect(await echo({ text: "a" })).toMatchObject({ text: "ok" });
    const hanging = echo({ text: "hang" }).catch((error: unknown) => error);
    await expect.poll(() => hung).toBe(1);
    sessions[0]?.destroy();
    expect(await hanging).toMatchObject({ code: 503 });
    expect(await echo({ text: "b" })).toMatchObject({ text: "ok" });
    expect(sessions).toHaveLength(2);
  });

  test("that the server closes while idle are replaced unnoticed", async () => {
    const sessions: ServerHttp2Session[] = [];
    const { server } = await startLossyServer(sessions);
    const echo = createClient(server).method(Echo);
    for (let i = 0; i < 5; i++) {
      expect(await echo({ text: "a" })).toMatchObject({ text: "ok" });
      // No wait: the next call races the goodbye.
      sessions.at(-1)?.close();
    }
    expect(sessions).toHaveLength(5);
  });

  test("with a goodbye finish their calls, new calls go elsewhere", async () => {
    const sessions: ServerHttp2Session[] = [];
    const { server, release } = await startLossyServer(sessions);
    const echo = createClient(server).method(Echo);
    const before = hung;
    const slow = echo({ text: "hang" });
    await expect.poll(() => hung).toBe(before + 1);
    sessions[0]?.close();
    expect(await echo({ text: "b" })).toMatchObject({ text: "ok" });
    expect(sessions).toHaveLength(2);
    release();
    expect(await slow).toMatchObject({ text: "ok" });
  });

  test("whose server refuses a stream repeat the call once", async () => {
    const attempts: number[] = [];
    const address = await startRawServer((stream, index) => {
      attempts.push(index);
      if (index === 0) stream.close(7);
      else respond(stream, [replyFrame({ text: "second" })], { "grpc-status": "0" });
    });
    expect(await createClient(address).method(Echo)({})).toMatchObject({ text: "second" });
    expect(attempts).toEqual([0, 1]);
  });

  test("whose server always refuses give up", async () => {
    let attempts = 0;
    const address = await startRawServer((stream) => {
      attempts++;
      stream.close(7);
    });
    await expect(createClient(address).method(Echo)({})).rejects.toMatchObject({ code: 503 });
    expect(attempts).toBe(2);
  });

  test("to several addresses are used in turn, without those that fail", async () => {
    const names = ["a", "b", "c"];
    const servers = await Promise.all(
      names.map((text) => startServer((server) => server.handle(Echo, () => ({ text })))),
    );
    const dead = createNetServer();
    const deadAddress = await listen(dead);
    await new Promise((resolve) => dead.close(resolve));
    const addresses = [deadAddress, ...servers.map(({ address }) => address)];
    const echo = createClient(`direct:///${addresses.join(",")}`).method(Echo);
    const seen = new Set<string>();
    await expect
      .poll(async () => {
        seen.add((await echo({})).text);
        return seen.size;
      })
      .toBe(3);
    const turns: string[] = [];
    for (let i = 0; i < 6; i++) turns.push((await echo({})).text);
    expect(turns.slice(0, 3).toSorted()).toEqual(names);
    expect(turns.slice(3)).toEqual(turns.slice(0, 3));
  });
});

let hung = 0;

/** A server on one port that hangs on request; `release` lets the hanging calls go. */
async function startLossyServer(
  sessions: ServerHttp2Session[],
): Promise<{ server: string; release: () => void }> {
  const { promise, resolve } = createDeferred();
  const server = createHttp2Server();
  server.on("session", (session) => sessions.push(session));
  server.on("stream", (stream) => {
    stream.on("error", () => undefined);
    const body: Buffer[] = [];
    stream.on("data", (chunk: Buffer) => body.push(chunk));
    stream.on("end", async () => {
      if (Buffer.concat(body).includes("hang")) {
        hung++;
        await promise;
      }
      respond(stream, [replyFrame({ text: "ok" })], { "grpc-status": "0" });
    });
  });
  onTestFinished(() => {
    for (const session of sessions) session.destroy();
    server.close();
  });
  return { server: await listen(server), release: resolve };
}

describe("middleware", () => {
  test("runs once per call, from the outside in, and adds headers", async () => {
    const log: string[] = [];
    const middleware = (name: string): Middleware => {
      return (next) => async (request, context) => {
        log.push(`${name} ${context.side} ${context.kind} ${context.operation}`);
        context.requestHeader.add("x-trace", name);
        const reply = await next(request, context);
        log.push(`${name} saw ${context.replyHeader.get("x-reply")}`);
        return reply;
      };
    };
    const { address } = await startServer((server) => {
      server.handle(Echo, (_, context) => {
        context.replyHeader.set("x-reply", "there");
        return { text: context.requestHeader.values("x-trace").join(",") };
      });
    });
    const client = createClient(address, { middleware: [middleware("a"), middleware("b")] });
    expect(await client.method(Echo)({})).toMatchObject({ text: "a,b" });
    expect(log).toEqual([
      `a client grpc ${Echo.operation}`,
      `b client grpc ${Echo.operation}`,
      "b saw there",
      "a saw there",
    ]);
  });

  test("may repeat a call within its deadline", async () => {
    let calls = 0;
    const { address } = await startServer((server) => {
      server.handle(Echo, () => {
        if (++calls < 3) throw new KratosError(503, "BUSY", "later");
        return { count: calls };
      });
    });
    const retry: Middleware = (next) => async (request, context) => {
      for (;;) {
        try {
          return await next(request, context);
        } catch (error) {
          if (context.signal.aborted) throw error;
        }
      }
    };
    const client = createClient(address, { middleware: [retry] });
    expect(await client.method(Echo)({})).toMatchObject({ count: 3 });
    calls = -1_000_000;
    await expect(client.method(Echo)({}, { timeout: 30 })).rejects.toMatchObject({ code: 504 });
  });

  test("that throws fails the call with a KratosError", async () => {
    const cause = new TypeError("bug");
    const broken: Middleware = () => () => {
      throw cause;
    };
    const client = createClient("127.0.0.1:1", { middleware: [broken] });
    await expect(client.method(Echo)({})).rejects.toMatchObject({ name: "KratosError", cause });
    const read = async (): Promise<void> => {
      for await (const _ of client.method(Repeat)({}));
    };
    await expect(read()).rejects.toMatchObject({ name: "KratosError", cause });
  });
});

describe("closing", () => {
  test("ends running calls, and refuses new ones", async () => {
    const { address } = await startServer((server) => {
      server.handle(Echo, () => new Promise(() => undefined));
      server.handle(Repeat, async function* () {
        yield {};
        await new Promise(() => undefined);
      });
    });
    const client = createClient(address);
    const replies = client.method(Repeat)({})[Symbol.asyncIterator]();
    await replies.next();
    const call = client
      .method(Echo)({})
      .catch((error: unknown) => error);
    const next = replies.next().catch((error: unknown) => error);
    client.close();
    client.close();
    const closed = { code: 499, message: "the client is closed" };
    expect(await call).toMatchObject(closed);
    expect(await next).toMatchObject(closed);
    await expect(client.method(Echo)({})).rejects.toMatchObject(closed);
    await expect(client.method(Repeat)({})[Symbol.asyncIterator]().next()).rejects.toMatchObject(
      closed,
    );
  });

  test("lets the process end", async () => {
    const script = `
      import { GrpcClient, GrpcServer } from "@kratos-ts/runtime/grpc";
      import { StringValueSchema } from "@bufbuild/protobuf/wkt";
      const server = new GrpcServer({ addr: "127.0.0.1:0" });
      const method = { operation: "/a.B/C", kind: "unary", input: StringValueSchema, output: StringValueSchema };
      server.handle(method, ({ value }) => ({ value: value + "!" }));
      await server.start(${JSON.stringify(app)});
      const client = new GrpcClient({ endpoint: "127.0.0.1:" + server.port });
      const { value } = await client.method(method)({ value: "done" });
      client.close();
      await server.stop(new AbortController().signal);
      console.log(value);
    `;
    const root = fileURLToPath(new URL("../../..", import.meta.url));
    const { stdout } = await promisify(execFile)(
      process.execPath,
      [
        "--import",
        "./scripts/register.js",
        "--conditions=@kratos-ts/source",
        "--input-type=module",
        "-e",
        script,
      ],
      { cwd: root, timeout: 15_000 },
    );
    expect(stdout).toContain("done!");
  });
});

test("10,000 calls leave nothing behind", async () => {
  const { address } = await startServer((server) => {
    server.handle(Echo, async ({ count }) => ({ count }));
  });
  const warnings: Error[] = [];
  const onWarning = (warning: Error): void => void warnings.push(warning);
  process.on("warning", onWarning);
  onTestFinished(() => void process.off("warning", onWarning));
  const echo = createClient(address).method(Echo);
  const handles = (): number => process.getActiveResourcesInfo().length;
  await echo({});
  const before = handles();
  let sum = 0;
  for (let round = 0; round < 100; round++) {
    const replies = await Promise.all(Array.from({ length: 100 }, (_, count) => echo({ count })));
    sum += replies.reduce((total, { count }) => total + count, 0);
  }
  expect(sum).toBe(100 * 4950);
  await expect.poll(handles).toBeLessThanOrEqual(before + 2);
  expect(warnings).toEqual([]);
});
