import { isKratosError, KratosError, type KratosErrorOptions } from "@kratos-ts/runtime";
import { HttpClient, type HttpClientOptions } from "@kratos-ts/runtime/http";
import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { gzipSync } from "node:zlib";
import { describe, expect, onTestFinished, test } from "vitest";
import type { CallOptions } from "../../../src/transport/method.ts";
import { buildSchema } from "../schema.ts";
import { parseRule } from "../serve.ts";

const R = buildSchema()("test.v1.R");
const rule = parseRule("POST /x body=*");
const route = { operation: "/t.v1.T/Call", input: R, output: R, bindings: [rule] as const };

/** A server that answers each first bytes of a connection with what `answer` does. */
async function listen(answer: (socket: Socket, request: string) => void): Promise<string> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    socket.once("data", (data) => answer(socket, String(data)));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function call(
  endpoint: string,
  callOptions: CallOptions = {},
  options: Partial<HttpClientOptions> = {},
): Promise<unknown> {
  const client = new HttpClient({ endpoint, ...options });
  return client
    .method(route)({} as never, callOptions)
    .catch((error: unknown) => error);
}

function response(body: string | Buffer, fields = "", status = "200 OK"): Buffer {
  const bytes = Buffer.from(body);
  const head = `HTTP/1.1 ${status}\r\nConnection: close\r\n${fields}Content-Length: ${bytes.length}\r\n\r\n`;
  return Buffer.concat([Buffer.from(head, "latin1"), bytes]);
}

const switching = "HTTP/1.1 101 Switch\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n";
const cut = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{";

const answers: [what: string, answer: (socket: Socket) => void, want: object][] = [
  ["what is no HTTP", (s) => s.end("hello\r\n\r\n"), { code: 503, reason: "UNREACHABLE" }],
  ["nothing", (s) => s.end(), { code: 503, reason: "UNREACHABLE" }],
  ["a switch of protocols", (s) => s.write(switching), { code: 503, reason: "UNREACHABLE" }],
  ["a reset", (s) => void s.resetAndDestroy(), { code: 503, reason: "UNREACHABLE" }],
  ["half a body", (s) => s.end(cut), { code: 503, reason: "UNREACHABLE" }],
  ["half a body and a reset", (s) => s.write(cut, () => s.resetAndDestroy()), { code: 503 }],
  ["half a body and silence", (s) => void s.write(cut), { code: 504, reason: "DEADLINE_EXCEEDED" }],
  ["silence", () => undefined, { code: 504, reason: "DEADLINE_EXCEEDED" }],
  ["HTML", (s) => s.end(response("<p>")), { code: 500, reason: "CODEC" }],
  ["JSON of another type", (s) => s.end(response('{"n":"x"}')), { code: 500, reason: "CODEC" }],
  ["a list", (s) => s.end(response("[]")), { code: 500, reason: "CODEC" }],
  [
    "an error of wrong types",
    (s) => s.end(response('{"code":"x","reason":5,"message":{},"metadata":[1]}', "", "400 No")),
    { code: 400, reason: "", metadata: {} },
  ],
  [
    "an error page",
    (s) => s.end(response("<p>", "", "502 Bad Gateway")),
    { code: 502, reason: "" },
  ],
  ["an unknown status", (s) => s.end(response("{}", "", "999 Odd")), { code: 999, reason: "" }],
  [
    "a redirect of what may change something",
    (s) => s.end(response("", "Location: /y\r\n", "307 Again")),
    { code: 307, reason: "REDIRECT", metadata: { location: "/y" } },
  ],
  ["a header flood", (s) => s.end(response("{}", `X: ${"y".repeat(40_000)}\r\n`)), { code: 503 }],
  ["a body without an end", floodWith, { code: 500, reason: "CODEC" }],
  [
    "a gzip bomb",
    (s) => s.end(response(gzipSync(Buffer.alloc(1e8, 32)), "Content-Encoding: gzip\r\n")),
    { code: 500, reason: "CODEC" },
  ],
];

describe.for<[sender: string, options: Partial<HttpClientOptions>]>([
  ["Node's http", {}],
  ["fetch", { fetch: globalThis.fetch }],
])("by %s", ([, options]) => {
  test.for(answers)("%s is an error of Kratos's", async ([, answer, want]) => {
    const endpoint = await listen(answer);
    const timeout = want["code" as never] === 504 ? 50 : 10_000;
    const error = await call(endpoint, { timeout }, options);
    expect(isKratosError(error)).toBe(true);
    expect(error).toMatchObject(want);
  });

  test("a compressed reply that is too slow fails in time", async () => {
    // More than one read of the socket: then Node's fetch does not tell those who read of the abort.
    const bomb = gzipSync(Buffer.alloc(1e8, 32));
    const endpoint = await listen((s) => s.end(response(bomb, "Content-Encoding: gzip\r\n")));
    const unlimited = { ...options, maxReceiveBytes: Number.POSITIVE_INFINITY };
    expect(await call(endpoint, { timeout: 50 }, unlimited)).toMatchObject({ code: 504 });
  });

  test("headers of the connection are its own, others are sent", async () => {
    let seen = "";
    const endpoint = await listen((s, request) => {
      seen = request;
      s.end(response("{}"));
    });
    const own = ["Transfer-Encoding", "Content-Length", "Keep-Alive", "Upgrade", "Expect", "TE"];
    const fields = Object.fromEntries(own.map((name) => [name, "7"]));
    const headers = { ...fields, "X-A": "5" };
    expect(await call(endpoint, { headers }, options)).toMatchObject({ id: "" });
    expect(seen).toMatch(/^x-a: 5\r$/im);
    expect(seen).toMatch(/^content-length: 2\r$/im);
    expect(seen).not.toContain(": 7\r\n");
  });
});

function floodWith(socket: Socket): void {
  socket.write("HTTP/1.1 200 OK\r\n\r\n");
  const chunk = Buffer.alloc(1_000_000, 32);
  const flood = () => {
    while (socket.writable && socket.write(chunk));
  };
  socket.on("drain", flood);
  flood();
}

test("answers that are not the last one are passed over", async () => {
  const early = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Hints\r\nLink: <x>\r\n\r\n";
  const endpoint = await listen((s) =>
    s.end(Buffer.concat([Buffer.from(early), response('{"n":1}')])),
  );
  expect(await call(endpoint)).toMatchObject({ n: 1 });
});

test("a reply above maxReceiveBytes is refused, one of that size is not", async () => {
  const body = '{"id":"0123456789"}';
  const endpoint = await listen((s) => s.end(response(body)));
  expect(await call(endpoint, {}, { maxReceiveBytes: body.length })).toMatchObject({
    id: "0123456789",
  });
  expect(await call(endpoint, {}, { maxReceiveBytes: body.length - 1 })).toMatchObject({
    code: 500,
    message: `the reply is larger than the limit of ${body.length - 1} bytes`,
  });
});

test.for([0, -1, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 31, 1e10])(
  "a timeout of %d does not end a call at once",
  async (timeout) => {
    const endpoint = await listen((s) => setTimeout(() => s.end(response('{"n":1}')), 20));
    expect(await call(endpoint, { timeout })).toMatchObject({ n: 1 });
  },
);

test.for([
  ["x-a", "a\r\nb: c"],
  ["x-a", "日本"],
  ["a b", "c"],
])("the header %j: %j is refused", async ([name = "", value = ""]) => {
  const headers = { [name]: value };
  const refused = await call("127.0.0.1:1", { headers });
  expect(refused).toMatchObject({ code: 400, reason: "CODEC", cause: expect.any(TypeError) });
  expect(() => new HttpClient({ endpoint: "127.0.0.1:1", headers })).toThrow(TypeError);
});

test("what onHeader throws is what the call fails with", async () => {
  const endpoint = await listen((s) => s.end(response("{}")));
  const mine = new KratosError(418, "MINE", "m");
  const onHeader = () => {
    throw mine;
  };
  expect(await call(endpoint, { onHeader })).toBe(mine);
});

test.for<[what: string, reason: unknown, want: KratosErrorOptions & { code: number }]>([
  ["nothing in particular", undefined, { code: 499 }],
  ["a timeout", new DOMException("late", "TimeoutError"), { code: 504 }],
  ["an error of Kratos's", new KratosError(429, "BUSY", "m"), { code: 429 }],
])("a signal that aborts for %s", async ([, reason, want]) => {
  const endpoint = await listen(() => controller.abort(reason));
  const controller = new AbortController();
  expect(await call(endpoint, { signal: controller.signal })).toMatchObject(want);
  expect(await call(endpoint, { signal: controller.signal })).toMatchObject(want);
});

test.for([
  "http://user:secret@127.0.0.1:1",
  "http://127.0.0.1:1?x=1",
  "http://127.0.0.1:1#x",
  "::1",
  "http://",
  "ftp://x",
  "grpc://x:1",
  "unix://x",
  "127.0.0.1:99999",
])("%s is no endpoint", (endpoint) => {
  expect(() => new HttpClient({ endpoint })).toThrow(TypeError);
  expect(() => new HttpClient({ endpoint })).not.toThrow(/secret/);
});

test.for(["/", "/base", "/base/"])("an endpoint may end in %s", async (path) => {
  let seen = "";
  const endpoint = await listen((s, request) => {
    seen = request;
    s.end(response("{}"));
  });
  await call(endpoint + path);
  expect(seen).toContain(`POST ${path.replace(/\/$/, "")}/x `);
});
