import { type CallContext, KratosError, type Middleware } from "@kratos-ts/runtime";
import { connect } from "node:net";
import { expect, test } from "vitest";
import { createDeferred } from "../../grpc/deferred.ts";
import { send } from "../serve.ts";
import { collect, failureOf, serveRooms, settled } from "./rooms.ts";

const events = { Accept: "text/event-stream" };

/** The data of chunks, put together. */
function unchunk(body: string): string {
  return body.replace(/(?:^|\r\n)[0-9a-f]+\r\n/g, "").replace(/\r\n$/, "");
}

test("a stream of replies reaches a generated client", async () => {
  const { client } = await serveRooms({
    async *listen({ name }) {
      yield { room: name, text: "one" };
      yield { room: name, text: "two\nlines" };
      yield { room: name, text: "ünïcødé 👍" };
    },
  });
  const lines = await collect(client.listen({ name: "hall" }));
  expect(lines.map(({ room, text }) => [room, text])).toEqual([
    ["hall", "one"],
    ["hall", "two\nlines"],
    ["hall", "ünïcødé 👍"],
  ]);
});

test("events are written as Kratos writes them, with headers that keep proxies from collecting them", async () => {
  const { port } = await serveRooms({
    async *listen(_request, { replyHeader }) {
      replyHeader.set("X-Room", "hall");
      yield { text: "one" };
      yield { text: "two" };
    },
  });
  const { status, headers, body } = await send(port, "GET /v1/rooms/a/lines", undefined, events);
  expect(status).toBe(200);
  expect(Object.fromEntries(headers)).toMatchObject({
    "content-type": "text/event-stream",
    "cache-control": "no-cache",
    "x-accel-buffering": "no",
    "x-room": "hall",
  });
  expect(unchunk(body)).toBe(
    'event: message\ndata: {"room":"","text":"one","by":""}\n\n' +
      'event: message\ndata: {"room":"","text":"two","by":""}\n\n',
  );
});

test.for<[accept: string | undefined, contentType: string]>([
  [undefined, "application/x-ndjson"],
  ["*/*", "application/x-ndjson"],
  ["application/json", "application/x-ndjson"],
  ["text/event-stream", "text/event-stream"],
  ["application/json, text/event-stream;q=0.1", "text/event-stream"],
  ["text/event-stream;q=0", "application/x-ndjson"],
  ["text/event-stream;q=0.5, application/x-ndjson", "application/x-ndjson"],
])("a client that accepts %s gets %s", async ([accept, contentType]) => {
  const { port } = await serveRooms({
    async *listen() {
      yield { text: "one" };
      yield { text: "two" };
    },
  });
  const asked = accept === undefined ? {} : { Accept: accept };
  const { headers, body } = await send(port, "GET /v1/rooms/a/lines", undefined, asked);
  expect(headers.get("content-type")).toBe(contentType);
  if (contentType === "text/event-stream") return;
  const lines = unchunk(body).trimEnd().split("\n");
  expect(lines.map((line) => JSON.parse(line) as object)).toMatchObject([
    { text: "one" },
    { text: "two" },
  ]);
});

test("a stream without messages is an event stream all the same", async () => {
  const { port, client } = await serveRooms({ async *listen() {} });
  const { status, headers } = await send(port, "GET /v1/rooms/a/lines", undefined, events);
  expect([status, headers.get("content-type")]).toEqual([200, "text/event-stream"]);
  expect(await collect(client.listen({ name: "a" }))).toEqual([]);
});

test("an error before the first message is an ordinary answer", async () => {
  const { port, client } = await serveRooms({
    // oxlint-disable-next-line require-yield -- a generator that fails at once
    async *listen({ name }) {
      throw new KratosError(404, "NO_ROOM", `no room "${name}"`, { metadata: { name } });
    },
  });
  const { status, headers, body } = await send(port, "GET /v1/rooms/a/lines", undefined, events);
  expect([status, headers.get("content-type")]).toEqual([404, "application/json"]);
  expect(JSON.parse(body)).toMatchObject({ code: 404, reason: "NO_ROOM" });
  const error = await failureOf(collect(client.listen({ name: "a" })));
  expect(error).toMatchObject({ code: 404, reason: "NO_ROOM", metadata: { name: "a" } });
});

test("an error behind messages is the last event, and fails the call of a client that has read them", async () => {
  const { port, client } = await serveRooms({
    async *listen() {
      yield { text: "one" };
      throw new KratosError(410, "ROOM_CLOSED", "the room\nis closed", { metadata: { by: "x" } });
    },
  });
  const { status, body } = await send(port, "GET /v1/rooms/a/lines", undefined, events);
  expect(status).toBe(200);
  const last = unchunk(body).trimEnd().split("\n\n").at(-1);
  expect(last).toBe(
    'event: error\ndata: {"code":410,"reason":"ROOM_CLOSED","message":"the room\\nis closed","metadata":{"by":"x"}}',
  );
  const plain = await send(port, "GET /v1/rooms/a/lines");
  expect(JSON.parse(unchunk(plain.body).trimEnd().split("\n").at(-1)!)).toMatchObject({
    error: { code: 410, reason: "ROOM_CLOSED" },
  });

  const seen: string[] = [];
  const reading = (async () => {
    for await (const { text } of client.listen({ name: "a" })) seen.push(text);
  })();
  expect(await failureOf(reading)).toMatchObject({
    code: 410,
    reason: "ROOM_CLOSED",
    message: "the room\nis closed",
    metadata: { by: "x" },
  });
  expect(seen).toEqual(["one"]);
});

test("what nobody expected is told as 500 and no more", async () => {
  const { client } = await serveRooms({
    async *listen() {
      yield {};
      throw new Error("secret");
    },
  });
  const error = await failureOf(collect(client.listen({ name: "a" })));
  expect(error).toMatchObject({ code: 500, reason: "UNKNOWN", message: "internal server error" });
});

test.for<[what: string, listen: () => unknown]>([
  ["no iterable", () => ({})],
  ["nothing", () => undefined],
  [
    "what is no message",
    () => ({ [Symbol.asyncIterator]: () => ({ next: () => ({ value: { text: 1 } }) }) }),
  ],
])("a handler that returns %s fails its call alone", async ([, listen]) => {
  const { client } = await serveRooms({ listen: listen as never });
  expect(await failureOf(collect(client.listen({ name: "a" })))).toMatchObject({ code: 500 });
  expect(await failureOf(collect(client.listen({ name: "a" })))).toMatchObject({ code: 500 });
});

test("a client that reads no further aborts the handler's signal and ends its generator", async () => {
  let reason: unknown;
  const aborted = createDeferred();
  const left = createDeferred();
  const { client } = await serveRooms({
    async *listen(_request, { signal }) {
      signal.addEventListener("abort", () => {
        reason = signal.reason;
        aborted.resolve();
      });
      try {
        yield { text: "one" };
        await new Promise((resolve) => signal.addEventListener("abort", resolve));
        yield { text: "two" };
      } finally {
        left.resolve();
      }
    },
  });
  for await (const { text } of client.listen({ name: "a" })) {
    expect(text).toBe("one");
    break;
  }
  await aborted.promise;
  expect(reason).toMatchObject({ code: 499, reason: "CLIENT_CLOSED" });
  await left.promise;
});

test("a client's signal ends a stream that is waited for", async () => {
  const { client } = await serveRooms({
    async *listen(_request, { signal }) {
      yield { text: "one" };
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
    },
  });
  const controller = new AbortController();
  const reading = (async () => {
    for await (const _ of client.listen({ name: "a" }, { signal: controller.signal })) {
      controller.abort();
    }
  })();
  expect(await failureOf(reading)).toMatchObject({ code: 499, reason: "CLIENT_CLOSED" });
});

test("only its caller's own time limits a stream", async () => {
  const deadlines: (number | undefined)[] = [];
  const { client } = await serveRooms(
    {
      async *listen(_request, context) {
        deadlines.push(context.deadline);
        yield { text: "one" };
        await new Promise((resolve) => context.signal.addEventListener("abort", resolve));
      },
    },
    { timeout: 1 },
  );
  for await (const _ of client.listen({ name: "a" })) break;
  const replies = client.listen({ name: "a" }, { timeout: 100 });
  expect(await failureOf(collect(replies))).toMatchObject({
    code: 504,
    reason: "DEADLINE_EXCEEDED",
  });
  expect(deadlines[0]).toBe(undefined);
});

test("a deadline that the request names ends the stream with an event", async () => {
  const { port } = await serveRooms({
    async *listen(_request, { signal }) {
      yield { text: "one" };
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
    },
  });
  const headers = { ...events, "X-Server-Timeout": "0.05" };
  const { body } = await send(port, "GET /v1/rooms/a/lines", undefined, headers);
  expect(unchunk(body)).toContain('event: error\ndata: {"code":504,"reason":"DEADLINE_EXCEEDED"');
});

test("a handler waits while its client does not read", async () => {
  let sent = 0;
  const text = "x".repeat(16 * 1024);
  const stopped = createDeferred();
  const { port } = await serveRooms({
    async *listen(_request, { signal }) {
      signal.addEventListener("abort", () => stopped.resolve());
      for (;;) {
        sent++;
        yield { text };
      }
    },
  });
  const socket = connect(port, "127.0.0.1");
  socket.pause();
  socket.write("GET /v1/rooms/a/lines HTTP/1.1\r\nHost: a\r\nAccept: text/event-stream\r\n\r\n");
  await settled(() => sent);
  expect(sent).toBeLessThan(2000);
  socket.destroy();
  await stopped.promise;
});

test("a stream of a thousand messages arrives whole and in order", async () => {
  const { client } = await serveRooms({
    async *listen() {
      for (let i = 0; i < 1000; i++) yield { text: String(i), by: "x".repeat(i % 300) };
    },
  });
  const lines = await collect(client.listen({ name: "a" }));
  expect(lines.map(({ text }) => Number(text))).toEqual(Array.from({ length: 1000 }, (_, i) => i));
});

test("a stream that says nothing sends comments, its headers with the first", async () => {
  const { port } = await serveRooms(
    {
      async *listen(_request, { signal }) {
        await new Promise((resolve) => signal.addEventListener("abort", resolve));
        yield {};
      },
    },
    { heartbeat: 20 },
  );
  const response = await fetch(`http://127.0.0.1:${port}/v1/rooms/a/lines`, { headers: events });
  expect(response.headers.get("content-type")).toBe("text/event-stream");
  const reader = response.body!.getReader();
  const { value } = await reader.read();
  expect(new TextDecoder().decode(value)).toMatch(/^(?::\n\n)+$/);
  await reader.cancel();
});

test("HEAD of a stream is its head, and runs no handler", async () => {
  let calls = 0;
  const { port } = await serveRooms({
    async *listen() {
      yield { text: String(++calls) };
    },
  });
  const { status, headers, body } = await send(port, "HEAD /v1/rooms/a/lines", undefined, events);
  expect([status, headers.get("content-type"), body, calls]).toEqual([
    200,
    "text/event-stream",
    "",
    0,
  ]);
});

test("a request that does not fit is refused before middleware runs", async () => {
  let calls = 0;
  const count: Middleware = (next) => (request, context) => {
    calls++;
    return next(request, context);
  };
  const { port } = await serveRooms({}, { middleware: [count] });
  const { status } = await send(port, "POST /v1/rooms:listen", "{", {
    "Content-Type": "application/json",
  });
  expect([status, calls]).toEqual([400, 0]);
});

test("middleware sees a stream once, as an iterable that it may replace", async () => {
  const seen: CallContext[] = [];
  const shout: Middleware = (next) => async (request, context) => {
    seen.push(context);
    const replies = (await next(request, context)) as AsyncIterable<{ text: string }>;
    return (async function* () {
      for await (const reply of replies) yield { ...reply, text: reply.text.toUpperCase() };
    })();
  };
  const { connect: connectClient } = await serveRooms(
    {
      async *listen() {
        yield { text: "a" };
        yield { text: "b" };
      },
    },
    { middleware: [shout] },
  );
  const lines = await collect(connectClient({ middleware: [shout] }).listen({ name: "a" }));
  expect(lines.map(({ text }) => text)).toEqual(["A", "B"]);
  expect(seen.map(({ side, operation }) => [side, operation])).toEqual([
    ["client", "/rooms.v1.Rooms/Listen"],
    ["server", "/rooms.v1.Rooms/Listen"],
  ]);
});

test("a stream goes on while the server stops, until it stops hard", async () => {
  const next = createDeferred();
  const stopping = createDeferred();
  const { server, client } = await serveRooms({
    async *listen(_request, { signal }) {
      yield { text: "before" };
      await next.promise;
      yield { text: "while stopping" };
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
    },
  });
  const hard = new AbortController();
  const texts: string[] = [];
  const reading = (async () => {
    for await (const { text } of client.listen({ name: "a" })) {
      texts.push(text);
      if (text === "before") stopping.resolve();
      else hard.abort();
    }
  })();
  const failure = failureOf(reading);
  await stopping.promise;
  const stopped = server.stop(hard.signal);
  next.resolve();
  expect(await failure).toMatchObject({ code: 503, reason: "SERVER_STOPPED" });
  await stopped;
  expect(texts).toEqual(["before", "while stopping"]);
});

test("a client that has to catch up gets the last words of a stream that is cut off", async () => {
  let sent = 0;
  const { server, port } = await serveRooms({
    async *listen() {
      for (;;) {
        sent++;
        yield { text: "x".repeat(64 * 1024) };
      }
    },
  });
  const socket = connect(port, "127.0.0.1").pause();
  socket.write("GET /v1/rooms/a/lines HTTP/1.1\r\nHost: t\r\nAccept: text/event-stream\r\n\r\n");
  await settled(() => sent);
  const stopped = server.stop(AbortSignal.abort());
  let text = "";
  for await (const chunk of socket) text = (text + String(chunk)).slice(-1000);
  await stopped;
  expect(unchunk(text)).toMatch(/event: error\ndata: .*"SERVER_STOPPED".*\n\n/);
  expect(text).toMatch(/\r\n0\r\n\r\n$/);
});
