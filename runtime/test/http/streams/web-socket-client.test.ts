import { type CallContext, KratosError, type Middleware } from "@kratos-ts/runtime";
import { type Socket } from "node:net";
import { describe, expect, test } from "vitest";
import { createDeferred } from "../../grpc/deferred.ts";
import { send } from "../serve.ts";
import { collect, each, failureOf, serveRooms, settled } from "./rooms.ts";

const handshake = {
  Connection: "Upgrade",
  Upgrade: "websocket",
  "Sec-WebSocket-Version": "13",
  "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
};

describe("generated clients", () => {
  test("stream messages both ways at once", async () => {
    const { client } = await serveRooms({
      async *talk(requests) {
        for await (const { room, text } of requests) yield { room, text: text.toUpperCase() };
      },
    });
    const answers = createDeferred();
    const replies = client.talk(
      (async function* () {
        yield { room: "hall", text: "a" };
        await answers.promise; // the second comes after the first answer
        yield { room: "hall", text: "b" };
      })(),
    );
    const texts: string[] = [];
    for await (const { room, text } of replies) {
      texts.push(`${room} ${text}`);
      answers.resolve();
    }
    expect(texts).toEqual(["hall A", "hall B"]);
  });

  test("stream messages and get one reply", async () => {
    const { client } = await serveRooms({
      async dictate(requests) {
        const lines = await collect(requests);
        return { lines: lines.filter(({ room }) => room === "hall").length };
      },
    });
    const summary = await client.dictate(each({ room: "hall" }, { text: "b" }, { room: "other" }));
    expect(summary.lines).toBe(3); // the path wins
  });

  test("send and receive a thousand messages each way", async () => {
    const { client } = await serveRooms({ talk: (requests) => requests });
    const all = Array.from({ length: 1000 }, (_, i) => ({ room: "a", text: `${i}` }));
    const lines = await collect(client.talk(each(...all)));
    expect(lines.map(({ text }) => Number(text))).toEqual(all.map((_, i) => i));
  });

  test("send what a rule names as a field, and the rest once in the query", async () => {
    const { client } = await serveRooms({ talk: (requests) => requests });
    const lines = await collect(
      client.talk(each({ room: "a", text: "1", by: "me" }, { room: "b", text: "2", by: "you" })),
    );
    expect(lines.map(({ room, text, by }) => [room, text, by])).toEqual([
      ["a", "1", "me"],
      ["a", "2", ""],
    ]);
  });

  test("end a call without replies when the handler does", async () => {
    const { client } = await serveRooms({ async *talk() {} });
    expect(await collect(client.talk(each({ room: "a" })))).toEqual([]);
  });

  test("cannot open a path that no message fills", async () => {
    const { client } = await serveRooms({ talk: (requests) => requests });
    expect(await failureOf(collect(client.talk(each())))).toMatchObject({
      code: 400,
      reason: "CODEC",
    });
  });

  test.for<[when: string, before: boolean]>([
    ["before the first message", true],
    ["behind messages", false],
  ])("fail with the whole error that a handler throws %s", async ([, before]) => {
    const error = new KratosError(409, "ROOM_FULL", 'no more in "hall"\n', {
      metadata: { "a b": "c d:e", room: "hall" },
      cause: new Error("secret"),
    });
    const { client } = await serveRooms({
      async *talk(requests) {
        for await (const { text } of requests) {
          if (!before) yield { text };
          throw error;
        }
      },
    });
    const seen: string[] = [];
    const reading = (async () => {
      for await (const { text } of client.talk(each({ room: "a", text: "1" }))) seen.push(text);
    })();
    const { code, reason, message, metadata } = error;
    expect(await failureOf(reading)).toMatchObject({ code, reason, message, metadata });
    expect(seen).toEqual(before ? [] : ["1"]);
  });

  test("fail as over HTTP where middleware or a handler refuses the call at once", async () => {
    const refuse: Middleware = (next) => async (request, context) => {
      await Promise.resolve();
      if (context.requestHeader.get("authorization") === undefined) {
        context.replyHeader.set("WWW-Authenticate", "Bearer");
        throw new KratosError(401, "UNAUTHORIZED", "no token");
      }
      return next(request, context);
    };
    const { port, client } = await serveRooms(
      {
        dictate(_requests, { requestHeader }) {
          throw new KratosError(403, "FORBIDDEN", requestHeader.get("authorization") ?? "");
        },
      },
      { middleware: [refuse] },
    );
    const raw = await send(port, "GET /v1/rooms/a/lines", undefined, handshake);
    expect([raw.status, raw.headers.get("www-authenticate")]).toEqual([401, "Bearer"]);
    expect(JSON.parse(raw.body)).toMatchObject({ reason: "UNAUTHORIZED" });
    const requests = () => each({ room: "a" });
    expect(await failureOf(client.dictate(requests()))).toMatchObject({
      code: 401,
      reason: "UNAUTHORIZED",
    });
    const headers = { Authorization: "Bearer x" };
    expect(await failureOf(client.dictate(requests(), { headers }))).toMatchObject({
      code: 403,
      reason: "FORBIDDEN",
      message: "Bearer x",
    });
  });

  test("fail with what their own messages fail with, and end the handler's", async () => {
    const seen: unknown[] = [];
    const ended = createDeferred();
    const { client } = await serveRooms({
      async dictate(requests) {
        try {
          for await (const { text } of requests) seen.push(text);
        } catch (error) {
          seen.push(error);
        }
        ended.resolve();
        return {};
      },
    });
    const call = client.dictate(
      (async function* () {
        yield { room: "a", text: "1" };
        throw new KratosError(418, "TEAPOT", "no more");
      })(),
    );
    expect(await failureOf(call)).toMatchObject({ code: 418, reason: "TEAPOT" });
    await ended.promise;
    expect(seen).toMatchObject(["1", { code: 499 }]);
  });

  test("end the handler and their own messages when they read no further", async () => {
    const ended = createDeferred();
    const stopped = createDeferred();
    const { client } = await serveRooms({
      async *talk(requests, { signal }) {
        signal.addEventListener("abort", () => ended.resolve());
        for await (const { text } of requests) yield { text };
      },
    });
    const endless = async function* () {
      try {
        for (;;) yield { room: "a", text: "x" };
      } finally {
        stopped.resolve();
      }
    };
    for await (const _ of client.talk(endless())) break;
    await expect(Promise.all([ended.promise, stopped.promise])).resolves.toBeDefined();
  });

  test("let others have their turn while either side always has more to send", async () => {
    async function* untilTurn(counts: number[]) {
      const turn = new AbortController();
      setImmediate(() => turn.abort());
      let count = 0;
      for (; !turn.signal.aborted && count < 20_000; count++) yield { room: "a", text: "x" };
      counts.push(count);
    }
    const sent: number[] = [];
    const { client } = await serveRooms({
      async dictate(requests) {
        await collect(requests);
        return {};
      },
      talk: () => untilTurn(sent),
    });
    await client.dictate(untilTurn(sent));
    await collect(client.talk(each({ room: "a" })));
    expect(sent).toHaveLength(2);
    expect(Math.max(...sent)).toBeLessThan(2000);
  });

  test("end by their caller's signal and time", async () => {
    const { client, connect: connectClient } = await serveRooms({
      async *talk(_requests, { signal }) {
        yield {};
        await new Promise((resolve) => signal.addEventListener("abort", resolve));
      },
      async dictate(requests) {
        await collect(requests);
        return {};
      },
    });
    const forever = async function* () {
      yield { room: "a" };
      await new Promise(() => undefined);
    };
    const signal = AbortSignal.timeout(50);
    expect(await failureOf(client.dictate(forever(), { signal }))).toMatchObject({ code: 504 });
    expect(await failureOf(client.dictate(forever(), { timeout: 50 }))).toMatchObject({
      code: 504,
      reason: "DEADLINE_EXCEEDED",
    });
    const deadlines = await collect(
      connectClient({ headers: { "X-Server-Timeout": "0.05" } }).talk(each({ room: "a" })),
    ).catch((error: unknown) => error);
    expect(deadlines).toMatchObject({ code: 504, reason: "DEADLINE_EXCEEDED" });
    const aborted = AbortSignal.abort();
    expect(await failureOf(client.dictate(forever(), { signal: aborted }))).toMatchObject({
      code: 499,
    });
  });

  test("fail when nobody listens, and when the connection breaks", async () => {
    const { server, client } = await serveRooms({
      async *talk(requests, context) {
        for await (const { text } of requests) {
          yield { text };
          (context as CallContext & { request: { socket: Socket } }).request.socket.destroy();
        }
      },
    });
    const endless = async function* () {
      yield { room: "a" };
      await new Promise(() => undefined);
    };
    expect(await failureOf(collect(client.talk(endless())))).toMatchObject({
      code: 503,
      reason: "UNREACHABLE",
    });
    await server.stop(AbortSignal.abort());
    expect(await failureOf(collect(client.talk(endless())))).toMatchObject({
      code: 503,
      reason: "UNREACHABLE",
    });
  });

  test("refuse replies that are larger than they take", async () => {
    const { connect: connectClient } = await serveRooms({
      async *talk() {
        yield { text: "x".repeat(2000) };
      },
    });
    const client = connectClient({ maxReceiveBytes: 1000 });
    expect(await failureOf(collect(client.talk(each({ room: "a" }))))).toMatchObject({
      code: 500,
      reason: "CODEC",
    });
  });

  test("are told that a message is larger than the service takes", async () => {
    const { client } = await serveRooms({ talk: (requests) => requests }, { maxBodyBytes: 1000 });
    const text = "x".repeat(2000);
    expect(await failureOf(collect(client.talk(each({ room: "a", text }))))).toMatchObject({
      code: 413,
      reason: "BODY_TOO_LARGE",
    });
  });

  test("let a slow reader slow the handler down, and a slow handler their messages", async () => {
    let sent = 0;
    let taken = 0;
    const text = "x".repeat(64 * 1024);
    const go = createDeferred();
    const { client } = await serveRooms({
      async *talk(requests) {
        await go.promise;
        for await (const line of requests) {
          taken++;
          yield line;
        }
      },
    });
    const replies = client.talk(
      (async function* () {
        for (; sent < 1000; sent++) yield { room: "a", text };
      })(),
    );
    const iterator = replies[Symbol.asyncIterator]();
    const first = iterator.next();
    await settled(() => sent);
    expect([taken, sent < 500]).toEqual([0, true]);
    go.resolve();
    await first;
    let count = 1;
    while ((await iterator.next()).done !== true) count++; // oxlint-disable-line no-await-in-loop -- one after the other
    expect(count).toBe(1000);
  });
});
