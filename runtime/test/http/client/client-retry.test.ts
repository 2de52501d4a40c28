import { isKratosError } from "@kratos-ts/runtime";
import type { Socket } from "node:net";
import { describe, expect, test } from "vitest";
import type { CallOptions, Idempotency } from "../../../src/transport/method.ts";
import { createClient, outcomeOf } from "./client-setup.ts";
import { findClosedPort, RawServer, response } from "../raw-server.ts";

const retry = { initialDelay: 1, maxDelay: 2 };

/** A server whose first answers are these and which then succeeds. */
function failing(...answers: readonly ((socket: Socket) => void)[]): Promise<RawServer> {
  let count = 0;
  return RawServer.listen((socket) => {
    const answer = answers[count++] ?? ((socket: Socket) => void socket.write(response('{"n":7}')));
    answer(socket);
  });
}

const cut = (socket: Socket): void => void socket.destroy();
const reset = (socket: Socket): void => void socket.resetAndDestroy();
const half = (socket: Socket): void =>
  void socket.write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{", () => socket.destroy());
const status =
  (line: string, fields = "") =>
  (socket: Socket): void =>
    void socket.write(response('{"reason":"NO"}', line, fields));

describe("a call without effects", () => {
  test.for<[what: string, fail: (socket: Socket) => void]>([
    ["closes without an answer", cut],
    ["resets the connection", reset],
    ["dies in the middle of its answer", half],
    ["answers 502", status("502 Bad Gateway")],
    ["answers 503", status("503 Unavailable")],
    ["answers 429 and says when to come back", status("429 Busy", "Retry-After: 0\r\n")],
    [
      "says by a date when to come back",
      status("503 No", "Retry-After: Thu, 01 Jan 1970 00:00:00 GMT\r\n"),
    ],
  ])("is repeated when the server %s", async ([, fail]) => {
    const server = await failing(fail, fail);
    const client = createClient({ endpoint: server.address, retry });
    expect(await outcomeOf(client, "GET /x")).toMatchObject({ n: 7 });
    expect(server.requests).toHaveLength(3);
  });

  test.for<[line: string, fields: string]>([
    ["400 No", ""],
    ["404 No", ""],
    ["429 Busy", ""],
    ["429 Busy", "Retry-After: -5\r\n"],
    ["429 Busy", "Retry-After: 1.5\r\n"],
    ["500 No", ""],
    ["504 Late", ""],
    ["503 No", "Retry-After: 3600\r\n"],
    ["503 No", "Retry-After: Fri, 01 Jan 2100 00:00:00 GMT\r\n"],
  ])("is not repeated after %s %j", async ([line, fields]) => {
    const server = await failing(status(line, fields));
    const client = createClient({ endpoint: server.address, retry });
    expect(await outcomeOf(client, "GET /x")).toMatchObject({ reason: "NO" });
    expect(server.requests).toHaveLength(1);
  });

  test.for(["999999999", "Fri, 31 Dec 9999 23:59:59 GMT"])(
    "is not repeated after %s, which is longer than anybody waits",
    async (when) => {
      const server = await failing(status("503 No", `Retry-After: ${when}\r\n`));
      const client = createClient({ endpoint: server.address, retry, timeout: 0 });
      expect(await outcomeOf(client, "GET /x")).toMatchObject({ reason: "NO" });
      expect(server.requests).toHaveLength(1);
    },
  );

  test("is sent three times at most, and fails as the last attempt did", async () => {
    const server = await failing(cut, cut, status("503 No"), cut);
    const client = createClient({ endpoint: server.address, retry });
    expect(await outcomeOf(client, "GET /x")).toMatchObject({ code: 503, reason: "NO" });
    expect(server.requests).toHaveLength(3);
  });

  test("is sent as often as the client says", async () => {
    const server = await failing(cut, cut, cut, cut);
    const options = { endpoint: server.address, retry: { ...retry, attempts: 5 } };
    expect(await outcomeOf(createClient(options), "GET /x")).toMatchObject({ n: 7 });
    const once = createClient({ endpoint: (await failing(cut)).address, retry: false });
    expect(await outcomeOf(once, "GET /x")).toMatchObject({ code: 503 });
  });

  test("hands over the headers of the last attempt alone", async () => {
    const server = await failing(status("503 No", "X-A: 1\r\n"), status("404 No", "X-A: 2\r\n"));
    const client = createClient({ endpoint: server.address, retry });
    const seen: unknown[] = [];
    await outcomeOf(client, "GET /x", { onHeader: (header) => seen.push(header.get("x-a")) });
    expect(seen).toEqual([["2"]]);
  });
});

describe("a call that may change something", () => {
  test.for<[what: string, fail: (socket: Socket) => void]>([
    ["closes without an answer", cut],
    ["resets the connection", reset],
    ["dies in the middle of its answer", half],
    ["answers 503", status("503 Unavailable")],
    ["answers 429", status("429 Busy", "Retry-After: 0\r\n")],
  ])("is not repeated when the server %s", async ([, fail]) => {
    const server = await failing(fail);
    const client = createClient({ endpoint: server.address, retry });
    const outcome = await outcomeOf(client, "POST /x body=*");
    expect(isKratosError(outcome)).toBe(true);
    expect(server.requests).toHaveLength(1);
  });

  test.for<[rule: string, options: CallOptions & { idempotency?: Idempotency }]>([
    ["POST /x body=*", { idempotency: "idempotent" }],
    ["POST /x body=*", { idempotency: "noSideEffects" }],
    ["POST /x body=*", { repeatable: true }],
  ])("is repeated when %s is known to be as good twice as once: %j", async ([rule, options]) => {
    const server = await failing(cut, status("503 No"));
    const client = createClient({ endpoint: server.address, retry });
    expect(await outcomeOf(client, rule, options)).toMatchObject({ n: 7 });
  });

  test.for(["PUT /x body=*", "DELETE /x", "PATCH /x body=*"])(
    "is meant by %s, whatever HTTP says of the method",
    async (rule) => {
      const server = await failing(cut);
      const client = createClient({ endpoint: server.address, retry });
      expect(await outcomeOf(client, rule)).toMatchObject({ code: 503 });
    },
  );

  test("a call without effects is not repeated when its caller says so", async () => {
    const server = await failing(cut);
    const client = createClient({ endpoint: server.address, retry });
    expect(await outcomeOf(client, "GET /x", { repeatable: false })).toMatchObject({ code: 503 });
  });

  test("is repeated when nobody took the connection", async () => {
    const port = await findClosedPort();
    const attempts: unknown[] = [];
    let server: RawServer | undefined;
    const client = createClient({
      endpoint: `127.0.0.1:${port}`,
      retry: { attempts: 1000, initialDelay: 1, maxDelay: 10 },
      timeout: 20_000,
      middleware: [(next) => (request, context) => (attempts.push(0), next(request, context))],
    });
    const outcome = outcomeOf(client, "POST /x body=*");
    server = await RawServer.listen((s) => void s.write(response('{"n":7}')), port);
    expect(await outcome).toMatchObject({ n: 7 });
    expect(server.requests).toEqual(["POST /x HTTP/1.1"]);
    expect(attempts).toHaveLength(1); // middleware is around all attempts
  });
});

describe("time", () => {
  test("ends the waiting between attempts", async () => {
    const server = await failing(cut, cut, cut);
    const client = createClient({
      endpoint: server.address,
      retry: { initialDelay: 1e9, maxDelay: 1e9 },
      timeout: 5000,
    });
    // A wait that would be longer than what is left is not begun.
    expect(await outcomeOf(client, "GET /x")).toMatchObject({ code: 503, reason: "UNREACHABLE" });
    const endless = outcomeOf(client, "GET /x", { timeout: 0, signal: AbortSignal.timeout(50) });
    expect(await endless).toMatchObject({ code: 504 });
  });

  test("is for the whole call, whatever the number of attempts", async () => {
    const server = await RawServer.listen(cut);
    const client = createClient({
      endpoint: server.address,
      timeout: 60,
      retry: { attempts: 1_000_000, initialDelay: 20, maxDelay: 20 },
    });
    expect(isKratosError(await outcomeOf(client, "GET /x"))).toBe(true);
  });

  test("that is left is told to the server, less at each attempt", async () => {
    const seen: number[] = [];
    const server = await RawServer.listen((socket, request) => {
      seen.push(Number(/^x-server-timeout: (.*)\r$/im.exec(request)?.[1]));
      if (seen.length < 3) setTimeout(() => socket.destroy(), 5);
      else socket.write(response());
    });
    const client = createClient({ endpoint: server.address, retry, timeout: 5000 });
    await outcomeOf(client, "GET /x");
    expect(seen.every((seconds) => seconds > 0 && seconds <= 5)).toBe(true);
    expect(seen).toEqual(seen.toSorted((a, b) => b - a));
    expect(new Set(seen).size).toBe(3);
  });
});

test("an outage is not multiplied: retries stay few", async () => {
  const server = await RawServer.listen(cut);
  const client = createClient({ endpoint: server.address, retry });
  for (let i = 0; i < 50; i++) await outcomeOf(client, "GET /x"); // oxlint-disable-line no-await-in-loop -- one after the other
  // 50 calls, 10 retries to begin with, and one for each second that it took.
  expect(server.requests.length).toBeLessThan(50 + 10 + 20);
  expect(server.requests.length).toBeGreaterThanOrEqual(50 + 10);
});
