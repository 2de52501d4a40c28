import { type CallContext, isKratosError, KratosError, type Middleware } from "@kratos-ts/runtime";
import { http2Engine } from "@kratos-ts/runtime/http2";
import { createRecordingLogger } from "@kratos-ts/runtime/testing";
import { once } from "node:events";
import { describe, expect, test } from "vitest";
import { createRoomsGrpcClient } from "../../../fixtures/golden/http-streams/want/api/rooms/v1/rooms_grpc.ts";
import { createRoomsHttpClient } from "../../../fixtures/golden/http-streams/want/api/rooms/v1/rooms_http.ts";
import { collect, each, type InMemoryRooms, startRooms } from "./start-rooms.ts";

const transports = ["http", "grpc"] as const;

/** A handler's calls, one after the other. */
function createCalls() {
  const calls: CallContext[] = [];
  const waiting: ((context: CallContext) => void)[] = [];
  return {
    add(context: CallContext): void {
      const next = waiting.shift();
      if (next === undefined) calls.push(context);
      else next(context);
    },
    next: (): Promise<CallContext> =>
      new Promise((resolve) => {
        const call = calls.shift();
        if (call === undefined) waiting.push(resolve);
        else resolve(call);
      }),
  };
}

/** What handlers do that take longer than their callers wait; rejects with the reason. */
async function waitForAbort({ signal }: CallContext): Promise<never> {
  if (!signal.aborted) await once(signal, "abort");
  throw signal.reason;
}

describe.for(transports)("over %s", (transport) => {
  test("methods of all kinds are called", async () => {
    const rooms = await startRooms({
      open: ({ name }) => ({ name: name.toUpperCase() }),
      async *listen({ name }) {
        yield { room: name, text: "a" };
        yield { room: name, text: "b" };
      },
      dictate: async (lines) => ({ lines: (await collect(lines)).length }),
      async *talk(lines) {
        for await (const line of lines) yield { ...line, by: "echo" };
      },
    });
    const client = rooms[transport];

    expect((await client.open({ name: "hall" })).name).toBe("HALL");
    const heard = await collect(client.listen({ name: "hall" }));
    expect(heard.map(({ text }) => text)).toEqual(["a", "b"]);
    const said = [{ room: "hall", text: "1" }, { room: "hall" }, { room: "hall", text: "3" }];
    expect((await client.dictate(each(...said))).lines).toBe(3);
    const talk = await collect(client.talk(each(...said)));
    expect(talk.map(({ text, by }) => text + by)).toEqual(["1echo", "echo", "3echo"]);
  });

  test("both sides of a stream take turns", async () => {
    const rooms = await startRooms({
      async *talk(lines) {
        for await (const { text } of lines) yield { text: text.repeat(2) };
      },
    });
    let last = "a";
    async function* answers() {
      while (last.length < 16) yield { room: "hall", text: last };
    }

    for await (const { text } of rooms[transport].talk(answers())) last = text;

    expect(last).toBe("a".repeat(16));
  });

  test("errors come with their reason and metadata, and others without a word", async () => {
    const rooms = await startRooms({
      open({ name }) {
        if (name === "") throw new Error("a secret");
        throw new KratosError(409, "ROOM_TAKEN", "somebody is in", { metadata: { name } });
      },
    });
    const client = rooms[transport];

    await expect(client.open({ name: "hall" })).rejects.toMatchObject({
      code: 409,
      reason: "ROOM_TAKEN",
      message: "somebody is in",
      metadata: { name: "hall" },
    });
    const hidden = await client.open({}).catch((error: unknown) => error);
    expect(hidden).toSatisfy(isKratosError);
    expect(String(hidden)).not.toContain("secret");
  });

  test("headers go both ways", async () => {
    const rooms = await startRooms({
      open(room, { requestHeader, replyHeader }) {
        replyHeader.add("x-seen", requestHeader.values("x-tenant").join());
        return room;
      },
    });
    let seen: readonly string[] | undefined;

    const headers = { "x-tenant": ["a", "b"] };
    await rooms[transport].open({}, { headers, onHeader: (all) => (seen = all.get("x-seen")) });

    expect(seen?.join()).toMatch(/^a, ?b$|^a,b$/);
  });

  test("handlers know who calls, and where", async () => {
    const calls = createCalls();
    const rooms = await startRooms({ open: (room, context) => (calls.add(context), room) });

    await rooms[transport].open({});

    const call = await calls.next();
    expect(call.kind).toBe(transport);
    expect(call.operation).toBe("/rooms.v1.Rooms/Open");
    expect(call.endpoint).toMatch(/^\w+:\/\/in-memory\/?$/);
    expect(call.peer).toMatch(/^127\.0\.0\.1:\d{5}$/);
  });

  test("a call takes no longer than its client waits", async () => {
    const calls = createCalls();
    const rooms = await startRooms(
      { open: (_, context) => (calls.add(context), waitForAbort(context)) },
      { timeout: 0 },
    );

    const call = rooms[transport].open({}, { timeout: 40 });

    await expect(call).rejects.toMatchObject({ code: 504, reason: "DEADLINE_EXCEEDED" });
    const context = await calls.next();
    expect(context.deadline).toBeTypeOf("number");
    await expect(waitForAbort(context)).rejects.toMatchObject({
      code: expect.any(Number) as number,
    });
  });

  test("a call takes no longer than the server lets it", async () => {
    const rooms = await startRooms(
      { open: (_, context) => waitForAbort(context) },
      { timeout: 20 },
    );

    await expect(rooms[transport].open({})).rejects.toMatchObject({ code: 504 });
  });

  test("callers that abort end the call", async () => {
    const calls = createCalls();
    const rooms = await startRooms({
      open: (_, context) => (calls.add(context), waitForAbort(context)),
    });
    const leaving = new AbortController();

    const call = rooms[transport].open({}, { signal: leaving.signal });
    const context = await calls.next();
    leaving.abort();

    await expect(call).rejects.toMatchObject({ code: 499 });
    await expect(waitForAbort(context)).rejects.toMatchObject({ code: 499 });
  });

  test.for(["listen", "talk"] as const)("callers that leave %s early end it", async (method) => {
    const calls = createCalls();
    async function* endless(context: CallContext) {
      calls.add(context);
      for (;;) yield { text: "x".repeat(1000) };
    }
    const rooms = await startRooms({
      listen: (_, context) => endless(context),
      talk: (_, context) => endless(context),
    });
    const client = rooms[transport];
    const lines =
      method === "listen" ? client.listen({ name: "hall" }) : client.talk(each({ room: "hall" }));

    let count = 0;
    for await (const line of lines) if (line.text !== "" && ++count === 3) break;

    await expect(waitForAbort(await calls.next())).rejects.toMatchObject({ code: 499 });
  });

  test("who reads slowly slows the handler down", async () => {
    let sent = 0;
    const rooms = await startRooms({
      async *listen() {
        for (; sent < 100; sent++) yield { text: "x".repeat(64 * 1024) };
      },
    });
    const lines = rooms[transport].listen({ name: "hall" })[Symbol.asyncIterator]();

    await lines.next();
    let before = -1;
    for (let turns = 0; turns < 500 || before !== sent; turns++) {
      before = sent;
      await new Promise((resolve) => setImmediate(resolve)); // oxlint-disable-line no-await-in-loop -- turn after turn
    }

    expect(sent).toBeLessThan(60);
    let rest = 1;
    while ((await lines.next()).done !== true) rest++; // oxlint-disable-line no-await-in-loop -- one after the other
    expect(rest).toBe(100);
  });

  test("middleware wraps calls and streams once", async () => {
    const seen: string[] = [];
    const note: Middleware = (next) => (request, context) => {
      seen.push(context.operation);
      return next(request, context);
    };
    const rooms = await startRooms(
      {
        open: (room) => room,
        async *talk(lines) {
          yield* lines;
        },
      },
      { middleware: [note] },
    );

    await rooms[transport].open({});
    await collect(rooms[transport].talk(each({ room: "hall" }, { room: "hall" })));

    expect(seen).toEqual(["/rooms.v1.Rooms/Open", "/rooms.v1.Rooms/Talk"]);
  });

  test("middleware of clients wraps their calls", async () => {
    const rooms = await startRooms({
      open: (_, { requestHeader }) => ({ name: requestHeader.get("x-by") ?? "" }),
    });
    const sign: Middleware = (next) => (request, context) => {
      context.requestHeader.set("x-by", "me");
      return next(request, context);
    };
    const { http, grpc } = connectAll(rooms, { middleware: [sign] });

    expect((await (transport === "http" ? http : grpc).open({})).name).toBe("me");
  });

  test("what is too large is refused", async () => {
    const limits = { maxBodyBytes: 1000, maxReceiveBytes: 1000 };
    const rooms = await startRooms({ open: (room) => room }, limits);

    const call = rooms[transport].open({ name: "x".repeat(2000) });

    await expect(call).rejects.toMatchObject({ code: transport === "http" ? 413 : 429 });
  });

  test("many calls go on at a time", async () => {
    let open = 0;
    let most = 0;
    const rooms = await startRooms({
      async open(room) {
        most = Math.max(most, ++open);
        await new Promise((resolve) => setTimeout(resolve, 5));
        open--;
        return room;
      },
    });

    const names = Array.from({ length: 100 }, (_, index) => String(index));
    const replies = await Promise.all(names.map((name) => rooms[transport].open({ name })));

    expect(replies.map(({ name }) => name)).toEqual(names);
    expect(most).toBeGreaterThan(10);
  });

  test("large messages arrive whole", async () => {
    const rooms = await startRooms({ open: (room) => room });
    const name = "ünïcødé 👍".repeat(100_000);

    expect((await rooms[transport].open({ name })).name === name).toBe(true);
  });
});

test("gRPC is spoken by the engine that the server has", async () => {
  const rooms = await startRooms(
    {
      open: (room) => room,
      async *talk(lines) {
        yield* lines;
      },
      async *listen() {
        for (let count = 0; count < 100; count++) yield { text: "x".repeat(64 * 1024) };
      },
    },
    { engine: http2Engine() },
  );

  expect((await rooms.grpc.open({ name: "hall" })).name).toBe("hall");
  expect(await collect(rooms.grpc.talk(each({}, {})))).toHaveLength(2);
  expect(await collect(rooms.grpc.listen({}))).toHaveLength(100);
  await rooms.service.close();
});

test("nothing listens, and no socket of the system is open", async () => {
  const resources = (): string[] =>
    process.getActiveResourcesInfo().filter((name) => /TCP|Pipe.*Server|ServerWrap/.test(name));
  const before = resources();
  const calls = createCalls();
  const rooms = await startRooms({
    async *listen(_, context) {
      calls.add(context);
      yield {};
      await waitForAbort(context);
    },
  });

  const leaving = new AbortController();
  const { signal } = leaving;
  const streams = [rooms.http.listen({ name: "a" }, { signal }), rooms.grpc.listen({}, { signal })];
  const ends = Promise.allSettled(streams.map((stream) => collect(stream)));
  await calls.next();
  await calls.next();

  expect(resources()).toEqual(before);
  leaving.abort();
  await ends;
});

test("servers log to the logger that they were given", async () => {
  const logger = createRecordingLogger();
  await startRooms({}, { logger });

  const addresses = logger.records
    .filter(({ message }) => message.endsWith("server listening"))
    .map(({ fields }) => fields["addr"]);
  expect(addresses).toEqual(["in memory", "in memory"]);
});

/** Clients with options of their own. */
function connectAll(
  { service }: InMemoryRooms,
  options: { readonly middleware: readonly Middleware[] },
) {
  return {
    http: createRoomsHttpClient(service.httpClient(options)),
    grpc: createRoomsGrpcClient(service.grpcClient(options)),
  };
}
