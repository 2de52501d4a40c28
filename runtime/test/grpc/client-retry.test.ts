import type { ServerHttp2Stream } from "node:http2";
import { createServer as createHttp2Server } from "node:http2";
import { describe, expect, onTestFinished, test } from "vitest";
import { Collect, Echo, type EchoReply, Repeat } from "./echo-schema.ts";
import { createClient } from "./kratos-peer.ts";
import { frame } from "./raw-call.ts";
import { headers, listen, replyFrame, respond, startRawServer } from "./raw-server.ts";

const idempotentEcho = { ...Echo, idempotency: "idempotent" } as const;
const safeEcho = { ...Echo, idempotency: "noSideEffects" } as const;

/** Fails as most servers do: with trailers alone. */
function fail(stream: ServerHttp2Stream, status: number, more: Record<string, string> = {}): void {
  stream.respond({ ...headers, "grpc-status": String(status), ...more }, { endStream: true });
}

function succeed(stream: ServerHttp2Stream, text = "ok"): void {
  respond(stream, [replyFrame({ text })], { "grpc-status": "0" });
}

/** A server that treats its first stream as `first` says, and answers all others; and what it has seen. */
async function startFlaky(
  first: (stream: ServerHttp2Stream, index: number) => void,
  failures = 1,
): Promise<{ address: string; seen: (string | undefined)[] }> {
  const seen: (string | undefined)[] = [];
  const address = await startRawServer((stream, index) => {
    seen.push(stream.sentHeaders?.["x"]?.toString());
    if (index < failures) first(stream, index);
    else succeed(stream);
  });
  return { address, seen };
}

describe("a call that may be repeated", () => {
  test.for([
    ["is safe", safeEcho, {}],
    ["is idempotent", idempotentEcho, {}],
    ["says so itself", Echo, { repeatable: true }],
  ] as const)("since it %s is sent again after UNAVAILABLE", async ([, method, options]) => {
    const { address, seen } = await startFlaky((stream) => fail(stream, 14), 2);
    const echo = createClient(address, { retry: { initialDelay: 1 } }).method(method);
    expect(await echo({}, options)).toMatchObject({ text: "ok" });
    expect(seen).toHaveLength(3);
  });

  test("is sent again when its connection is lost", async () => {
    const { address, seen } = await startFlaky((stream) => stream.session?.destroy());
    expect(await createClient(address).method(safeEcho)({})).toMatchObject({ text: "ok" });
    expect(seen).toHaveLength(2);
  });

  test("is given up after as many attempts as there may be", async () => {
    const { address, seen } = await startFlaky((stream) => fail(stream, 14), 100);
    const client = createClient(address, { retry: { attempts: 4, initialDelay: 1 } });
    await expect(client.method(safeEcho)({})).rejects.toMatchObject({ code: 503 });
    expect(seen).toHaveLength(4);
  });

  test("is not sent again after other codes, but for those that are named", async () => {
    const { address, seen } = await startFlaky((stream) => fail(stream, 10), 1);
    await expect(createClient(address).method(safeEcho)({})).rejects.toMatchObject({ code: 409 });
    expect(seen).toHaveLength(1);
    const other = await startFlaky((stream) => fail(stream, 10), 1);
    const client = createClient(other.address, { retry: { statuses: [409], initialDelay: 1 } });
    expect(await client.method(safeEcho)({})).toMatchObject({ text: "ok" });
  });

  test("is not sent again where retries are off", async () => {
    const { address, seen } = await startFlaky((stream) => fail(stream, 14), 1);
    const client = createClient(address, { retry: false });
    await expect(client.method(safeEcho)({})).rejects.toMatchObject({ code: 503 });
    expect(seen).toHaveLength(1);
  });

  test("is not sent again when it says that it must not be", async () => {
    const { address, seen } = await startFlaky((stream) => fail(stream, 14), 1);
    const call = createClient(address).method(safeEcho)({}, { repeatable: false });
    await expect(call).rejects.toMatchObject({ code: 503 });
    expect(seen).toHaveLength(1);
  });

  test("is not sent again once the server has begun to answer", async () => {
    const { address, seen } = await startFlaky((stream) =>
      respond(stream, [], { "grpc-status": "14", "grpc-message": "too late" }),
    );
    await expect(createClient(address).method(safeEcho)({})).rejects.toMatchObject({
      code: 503,
      message: "too late",
    });
    expect(seen).toHaveLength(1);
  });

  test("does not outlive its time", async () => {
    const { address, seen } = await startFlaky((stream) => fail(stream, 14), 100);
    const client = createClient(address, {
      timeout: 60,
      retry: { attempts: 50, initialDelay: 30 },
    });
    await expect(client.method(safeEcho)({})).rejects.toMatchObject({ name: "KratosError" });
    expect(seen.length).toBeLessThan(50);
  });

  test("runs through middleware once", async () => {
    const { address, seen } = await startFlaky((stream) => fail(stream, 14), 2);
    let calls = 0;
    const client = createClient(address, {
      retry: { initialDelay: 1 },
      middleware: [
        (next) => (request, context) => {
          calls++;
          return next(request, context);
        },
      ],
    });
    await client.method(safeEcho)({});
    expect([calls, seen.length]).toEqual([1, 3]);
  });

  test("that streams its replies is sent again before the first", async () => {
    const { address } = await startFlaky((stream) => fail(stream, 14));
    const repeat = createClient(address, { retry: { initialDelay: 1 } }).method(Repeat);
    const replies: EchoReply[] = [];
    for await (const reply of repeat({}, { repeatable: true })) replies.push(reply);
    expect(replies).toMatchObject([{ text: "ok" }]);
  });
});

test("attempts say how many there were before", async () => {
  const said: unknown[] = [];
  const address = await startServer((stream, request) => {
    said.push(request["grpc-previous-rpc-attempts"]);
    if (said.length < 3) fail(stream, 14);
    else succeed(stream);
  });
  await createClient(address, { retry: { initialDelay: 1 } }).method(safeEcho)({});
  expect(said).toEqual([undefined, "1", "2"]);
});

test("a call that may not be repeated is not sent again after UNAVAILABLE", async () => {
  const { address, seen } = await startFlaky((stream) => fail(stream, 14));
  await expect(createClient(address).method(Echo)({})).rejects.toMatchObject({ code: 503 });
  expect(seen).toHaveLength(1);
});

test("a call that may not be repeated is not sent again when its connection is lost", async () => {
  const { address, seen } = await startFlaky((stream) => stream.session?.destroy());
  await expect(createClient(address).method(Echo)({})).rejects.toMatchObject({ code: 503 });
  expect(seen).toHaveLength(1);
});

describe("a server that says when to come back", () => {
  test("is asked again then, also when it has too much to do", async () => {
    const { address } = await startFlaky((s) => fail(s, 8, { "grpc-retry-pushback-ms": "1" }));
    const client = createClient(address, { retry: { initialDelay: 60_000 } });
    expect(await client.method(safeEcho)({})).toMatchObject({ text: "ok" });
  });

  test.for(["-1", "never"])("by %s is asked no more", async (pushback) => {
    const { address, seen } = await startFlaky((s) =>
      fail(s, 14, { "grpc-retry-pushback-ms": pushback }),
    );
    await expect(createClient(address).method(safeEcho)({})).rejects.toMatchObject({ code: 503 });
    expect(seen).toHaveLength(1);
  });

  test("later than the call may take is asked no more", async () => {
    const { address, seen } = await startFlaky((s) =>
      fail(s, 14, { "grpc-retry-pushback-ms": "60000" }),
    );
    await expect(createClient(address).method(safeEcho)({})).rejects.toMatchObject({ code: 503 });
    expect(seen).toHaveLength(1);
  });

  test("is not asked again by default when it has too much to do and does not say when", async () => {
    const { address, seen } = await startFlaky((s) => fail(s, 8));
    await expect(createClient(address).method(safeEcho)({})).rejects.toMatchObject({ code: 429 });
    expect(seen).toHaveLength(1);
  });
});

test("retries of an outage are few", async () => {
  let streams = 0;
  const address = await startRawServer((stream) => {
    streams++;
    fail(stream, 14);
  });
  const echo = createClient(address, { retry: { initialDelay: 1 } }).method(safeEcho);
  for (let i = 0; i < 100; i++) await expect(echo({})).rejects.toMatchObject({ code: 503 });
  expect(streams).toBeGreaterThanOrEqual(105);
  expect(streams).toBeLessThanOrEqual(115);
});

describe("requests that stream", () => {
  async function* requests(): AsyncIterable<{ text: string }> {
    yield { text: "a" };
    yield { text: "b" };
  }

  test("are sent again from the first when no server has looked at them", async () => {
    const bodies: Buffer[] = [];
    const address = await startServer((stream) => {
      const body: Buffer[] = [];
      stream.on("data", (chunk: Buffer) => {
        body.push(chunk);
        if (bodies.length === 0) {
          bodies.push(chunk);
          stream.close(7);
        }
      });
      stream.on("end", () => {
        bodies.push(Buffer.concat(body));
        succeed(stream);
      });
    });
    const collect = createClient(address).method(Collect);
    expect(await collect(requests())).toMatchObject({ text: "ok" });
    const [text] = [bodies.at(-1)?.toString("latin1")];
    expect(text).toContain("a");
    expect(text).toContain("b");
  });

  test("are sent again while they still come", async () => {
    let refused: () => void = () => {};
    const again = new Promise<void>((resolve) => (refused = resolve));
    async function* slow(): AsyncIterable<{ text: string }> {
      yield { text: "first" };
      await again;
      yield { text: "second" };
    }
    let index = 0;
    const received = await new Promise<string>((resolve, reject) => {
      startServer((stream) => {
        if (index++ === 0) {
          stream.on("data", () => stream.close(7));
          return;
        }
        refused();
        const body: Buffer[] = [];
        stream.on("data", (chunk: Buffer) => body.push(chunk));
        stream.on("end", () => {
          succeed(stream);
          resolve(Buffer.concat(body).toString("latin1"));
        });
      })
        .then((address) => createClient(address).method(Collect)(slow()))
        .catch(reject);
    });
    expect(received.match(/first|second/g)).toEqual(["first", "second"]);
  });

  test("that were too many to be kept fail", async () => {
    async function* many(): AsyncIterable<{ payload: Uint8Array }> {
      for (let i = 0; i < 40; i++) yield { payload: new Uint8Array(10_000) };
      await new Promise(() => undefined);
    }
    let streams = 0;
    const address = await startServer((stream) => {
      streams++;
      let size = 0;
      stream.on("data", (chunk: Buffer) => {
        size += chunk.length;
        if (size > 350_000) stream.close(7);
      });
    });
    await expect(createClient(address).method(Collect)(many())).rejects.toMatchObject({
      code: 503,
    });
    expect(streams).toBe(1);
  });
});

/** As {@link startRawServer}, for answers that look at the request. */
async function startServer(
  answer: (stream: ServerHttp2Stream, request: Record<string, unknown>) => void,
): Promise<string> {
  const server = createHttp2Server();
  server.on("stream", (stream, request) => {
    stream.on("error", () => undefined);
    answer(stream, request);
  });
  server.on("session", (session) => onTestFinished(() => session.destroy()));
  onTestFinished(() => void server.close());
  return listen(server);
}

test("a message that is larger than may be sent is refused", async () => {
  const client = createClient("127.0.0.1:1", { maxSendBytes: 100 });
  await expect(client.method(Echo)({ payload: new Uint8Array(101) })).rejects.toMatchObject({
    code: 429,
    message: expect.stringContaining("larger than the limit of 100 bytes"),
  });
});

test("a call whose own reply cannot be read is not sent again", async () => {
  const { address, seen } = await startFlaky((stream) =>
    respond(stream, [frame(Buffer.from([0x0f, 0xff]))], { "grpc-status": "0" }),
  );
  await expect(createClient(address).method(safeEcho)({})).rejects.toMatchObject({ code: 500 });
  expect(seen).toHaveLength(1);
});
