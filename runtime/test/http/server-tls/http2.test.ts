import type { DescMessage } from "@bufbuild/protobuf";
import { KratosError } from "@kratos-ts/runtime";
import { HttpServer, type HttpServerOptions, requestOrigin } from "@kratos-ts/runtime/http";
import { silentLogger } from "@kratos-ts/runtime/log";
import {
  type ClientHttp2Session,
  connect,
  type IncomingHttpHeaders,
  type IncomingHttpStatusHeader,
  type OutgoingHttpHeaders,
} from "node:http2";
import { once } from "node:events";
import { connect as connectTls } from "node:tls";
import { expect, onTestFinished, test } from "vitest";
import type { UnaryHandler } from "../../../src/transport/method.ts";
import { createAuthority } from "../../transport/certificates.ts";
import { buildSchema } from "../schema.ts";
import { appInfo, parseRule } from "../serve.ts";

const R = buildSchema()("test.v1.R");
const authority = createAuthority();

type Handle = UnaryHandler<DescMessage, DescMessage>;

/** Serves each rule, and connects. */
async function serve(
  rules: readonly string[],
  handle: Handle,
  { onCreate, ...options }: HttpServerOptions & { onCreate?: (server: HttpServer) => void } = {},
): Promise<{ server: HttpServer; session: ClientHttp2Session }> {
  const tls = authority.issue("server");
  const server = new HttpServer({ addr: "127.0.0.1:0", logger: silentLogger, tls, ...options });
  onTestFinished(() => server.stop(AbortSignal.abort()));
  for (const rule of rules) {
    const operation = `/test.v1.Test/${rule}`;
    server.handle({ operation, input: R, output: R, bindings: [parseRule(rule)] }, handle);
  }
  onCreate?.(server);
  await server.start(appInfo);
  return { server, session: open(server) };
}

function open(server: HttpServer): ClientHttp2Session {
  const session = connect(`https://127.0.0.1:${server.port}`, { ca: authority.cert });
  session.on("error", () => undefined);
  onTestFinished(() => session.destroy());
  return session;
}

interface Answer {
  readonly headers: IncomingHttpHeaders & IncomingHttpStatusHeader;
  readonly body: string;
}

async function send(
  session: ClientHttp2Session,
  headers: OutgoingHttpHeaders,
  body?: string,
): Promise<Answer> {
  const stream = session.request(headers, { endStream: body === undefined });
  if (body !== undefined) stream.end(body);
  const answered = new Promise<Answer["headers"]>((resolve, reject) => {
    stream.once("response", resolve).once("error", reject);
    stream.once("close", () => reject(new Error("closed without an answer")));
  });
  const replied = await answered;
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return { headers: replied, body: Buffer.concat(chunks).toString() };
}

const echo: Handle = (request) => request;

test("serves the same routes, without headers that HTTP/2 forbids", async () => {
  const { session } = await serve(["GET /v1/{name}", "POST /v1 body=*"], echo);
  const got = await send(session, { ":path": "/v1/x" });
  expect(got.headers[":status"]).toBe(200);
  expect(got.headers["content-type"]).toBe("application/json");
  expect(got.headers["connection"]).toBeUndefined();
  expect(got.headers["keep-alive"]).toBeUndefined();
  expect(JSON.parse(got.body)).toMatchObject({ name: "x" });
  const post = { ":method": "POST", ":path": "/v1" };
  const posted = await send(session, post, JSON.stringify({ name: "\u00fc".repeat(100_000) }));
  expect((JSON.parse(posted.body) as { name: string }).name).toHaveLength(100_000);
});

test("HEAD is answered without a body", async () => {
  const { session } = await serve(["GET /v1/{name}"], echo);
  const { headers, body } = await send(session, { ":method": "HEAD", ":path": "/v1/x" });
  expect(headers[":status"]).toBe(200);
  expect(Number(headers["content-length"])).toBeGreaterThan(0);
  expect(body).toBe("");
});

test.for<[method: string, path: string, body: string | undefined, status: number]>([
  ["GET", "/nope", undefined, 404],
  ["PUT", "/v1", "{}", 405],
  ["POST", "/v1", "{", 400],
  ["POST", "/v1", `{"name":"${"x".repeat(2000)}"}`, 413],
])("%s %s is answered with an error in the usual shape", async ([method, path, body, status]) => {
  const { session } = await serve(["POST /v1 body=*"], echo, { maxBodyBytes: 1000 });
  const answer = await send(session, { ":method": method, ":path": path }, body);
  expect(answer.headers[":status"]).toBe(status);
  expect(JSON.parse(answer.body)).toMatchObject({ code: status });
});

test.for<[what: string, headers: OutgoingHttpHeaders, status: number]>([
  ["a host that agrees", { ":authority": "t:1", host: "t:1" }, 200],
  ["another host", { ":authority": "t:1", host: "u" }, 400],
  ["a malformed host", { ":authority": "u@t" }, 400],
])("%s is answered with %i", async ([, headers, status]) => {
  const { session } = await serve(["GET /v1"], echo);
  expect((await send(session, { ":path": "/v1", ...headers })).headers[":status"]).toBe(status);
});

test("OPTIONS is answered with the methods", async () => {
  const { session } = await serve(["POST /v1 body=*"], echo);
  const { headers } = await send(session, { ":method": "OPTIONS", ":path": "/v1" });
  expect(headers[":status"]).toBe(204);
  expect(headers["allow"]).toBe("POST, OPTIONS");
});

test("CONNECT is refused", async () => {
  const { session } = await serve(["POST /v1 body=*"], echo);
  const answer = await send(session, { ":method": "CONNECT", ":authority": "other:1" });
  expect(answer.headers[":status"]).toBe(405);
});

test("a handler sees the caller's headers, with the host, and may repeat its own", async () => {
  let seen: readonly string[] = [];
  let host: string | undefined;
  let peer = "";
  const { session } = await serve(["GET /v1"], (_request, context) => {
    seen = context.requestHeader.keys();
    host = context.requestHeader.get("host");
    peer = context.peer;
    context.replyHeader.add("Set-Cookie", "a=1");
    context.replyHeader.add("Set-Cookie", "b=2");
    return {};
  });
  const { headers } = await send(session, { ":path": "/v1", "x-one": "1" });
  expect(headers["set-cookie"]).toEqual(["a=1", "b=2"]);
  expect(seen).toEqual(["host", "x-one"]);
  expect(host).toMatch(/^127\.0\.0\.1:\d+$/);
  expect(peer).toMatch(/^127\.0\.0\.1:\d+$/);
});

test("filters, request IDs and hand-written routes are the same as over HTTP/1.1", async () => {
  let origin = "";
  let id: string | undefined;
  const { server, session } = await serve([], echo, {
    requestId: true,
    filters: [
      (next) => (request, response) => {
        origin = requestOrigin(request);
        response.setHeader("X-Filter", "yes");
        return next(request, response);
      },
    ],
    onCreate: (created) => {
      created.route("POST", "/files/{name}", async (request, context) => {
        id = context.requestHeader.get("x-request-id");
        context.replyHeader.add("Set-Cookie", "a=1");
        context.replyHeader.add("Set-Cookie", "b=2");
        return { json: [request.params, await request.readJson()] };
      });
    },
  });
  const post = { ":method": "POST", ":path": "/files/x" };
  const { headers, body } = await send(session, post, "{}");
  expect(body).toBe('[{"name":"x"},{}]');
  expect(headers["x-filter"]).toBe("yes");
  expect(headers["x-request-id"]).toBe(id);
  expect(headers["set-cookie"]).toEqual(["a=1", "b=2"]);
  expect(origin).toBe(`https://127.0.0.1:${server.port}`);
});

test("a request with too many headers is refused, and the connection stays", async () => {
  const { session } = await serve(["GET /v1"], () => ({}), { maxHeaderBytes: 2048 });
  const large = { ":path": "/v1", "x-a": "a".repeat(4000) };
  const refused = await send(session, large).then(
    ({ headers }) => headers[":status"],
    () => "reset",
  );
  expect([431, "reset"]).toContain(refused);
  expect((await send(session, { ":path": "/v1" })).headers[":status"]).toBe(200);
});

test("a stream that the client resets aborts its call, and no other one", async () => {
  const reasons: unknown[] = [];
  let onBegun: () => void = () => undefined;
  const begun = new Promise<void>((resolve) => (onBegun = resolve));
  const { session } = await serve(
    ["GET /v1/{name}"],
    (request, context) => {
      if ((request as unknown as { name: string }).name !== "slow") return {};
      onBegun();
      return new Promise((_resolve, reject) => {
        context.signal.addEventListener("abort", () => {
          reasons.push(context.signal.reason);
          reject(context.signal.reason as Error);
        });
      });
    },
    { timeout: 0 },
  );
  const stream = session.request({ ":path": "/v1/slow" });
  stream.on("error", () => undefined);
  await begun;
  stream.close(8); // CANCEL
  while (reasons.length === 0) await send(session, { ":path": "/v1/x" });
  expect(reasons[0]).toMatchObject({ code: 499, reason: "CLIENT_CLOSED" });
});

test("a call that takes too long is ended by the deadline", async () => {
  const { session } = await serve(["GET /v1"], () => new Promise(() => undefined), { timeout: 20 });
  const answer = await send(session, { ":path": "/v1" });
  expect(answer.headers[":status"]).toBe(504);
});

test("a body that does not come is ended by the deadline", async () => {
  const { session } = await serve(["POST /v1 body=*"], echo, { timeout: 20 });
  const stream = session.request({ ":method": "POST", ":path": "/v1" }, { endStream: false });
  stream.write("{");
  const status = await new Promise((resolve) => {
    stream.once("response", (headers) => resolve(headers[":status"]));
  });
  expect(status).toBe(408);
  stream.close();
});

test("stopping says goodbye, and lets calls finish", async () => {
  let release: (value: Record<string, unknown>) => void = () => undefined;
  let onBegun: () => void = () => undefined;
  const begun = new Promise<void>((resolve) => (onBegun = resolve));
  const { server, session } = await serve(["GET /v1"], () => {
    onBegun();
    return new Promise((resolve) => (release = resolve));
  });
  const goodbye = new Promise((resolve) => session.once("goaway", resolve));
  const answer = send(session, { ":path": "/v1" });
  await begun;
  const stopped = server.stop(new AbortController().signal);
  expect(await goodbye).toBe(0);
  release({});
  expect((await answer).headers[":status"]).toBe(200);
  await stopped;
});

test("stopping hard ends what is left", async () => {
  let reason: unknown;
  let onBegun: () => void = () => undefined;
  const begun = new Promise<void>((resolve) => (onBegun = resolve));
  const { server, session } = await serve(["GET /v1"], (_request, context) => {
    onBegun();
    return new Promise((_resolve, reject) => {
      context.signal.addEventListener("abort", () => {
        reason = context.signal.reason;
        reject(new KratosError(503, "", ""));
      });
    });
  });
  const answer = send(session, { ":path": "/v1" });
  const failed = answer.catch((error: unknown) => error);
  await begun;
  await server.stop(AbortSignal.abort());
  expect(await failed).toBeInstanceOf(Error);
  expect(reason).toMatchObject({ code: 503, reason: "SERVER_STOPPED" });
});

test("idle connections are closed, those with a call are not", async () => {
  let release: (value: Record<string, unknown>) => void = () => undefined;
  const { server, session } = await serve(
    ["GET /v1"],
    () => new Promise((resolve) => (release = resolve)),
    { idleTimeout: 40, timeout: 0 },
  );
  const answer = send(session, { ":path": "/v1" });
  const other = connect(`https://127.0.0.1:${server.port}`, { ca: authority.cert });
  await new Promise((resolve) => other.once("close", resolve));
  expect(session.closed).toBe(false);
  const closed = new Promise((resolve) => session.once("close", resolve));
  release({});
  expect((await answer).headers[":status"]).toBe(200);
  await closed;
});

test("HTTP/1.1 is served on the same port", async () => {
  const { server } = await serve(["GET /v1"], () => ({}));
  const socket = connectTls({ port: server.port!, host: "127.0.0.1", ca: authority.cert });
  socket.write("GET /v1 HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n");
  let text = "";
  for await (const chunk of socket) text += String(chunk);
  expect(text).toMatch(/^HTTP\/1\.1 200 /);
});

test("is not offered when it is turned off", async () => {
  const { server } = await serve(["GET /v1"], () => ({}), { http2: false });
  const ALPNProtocols = ["h2", "http/1.1"];
  const options = { port: server.port!, host: "127.0.0.1", ca: authority.cert, ALPNProtocols };
  const socket = connectTls(options);
  onTestFinished(() => void socket.destroy());
  await new Promise((resolve) => socket.once("secureConnect", resolve));
  expect(socket.alpnProtocol).toBe("http/1.1");
});

test("headers that only HTTP/1.1 knows are left out", async () => {
  const { session } = await serve(["GET /v1"], (_request, { replyHeader }) => {
    for (const name of ["Proxy-Connection", "TE", "HTTP2-Settings"]) replyHeader.set(name, "x");
    return {};
  });
  const { headers } = await send(session, { ":path": "/v1" });
  expect(headers).toMatchObject({ ":status": 200 });
  expect(Object.keys(headers)).not.toContain("proxy-connection");
});

test("a header that may stand once and was given twice fails the call alone", async () => {
  const { session } = await serve(
    ["GET /v1", "GET /v2"],
    (_request, { operation, replyHeader }) => {
      if (!operation.endsWith("2")) for (const tag of ["a", "b"]) replyHeader.add("Age", tag);
      return {};
    },
  );
  expect((await send(session, { ":path": "/v1" })).headers[":status"]).toBe(500);
  expect((await send(session, { ":path": "/v2" })).headers[":status"]).toBe(200);
});

test("a reply that fails after it began does not look whole", async () => {
  const { session } = await serve(["GET /v1"], () => ({}), {
    onCreate: (server) =>
      server.route("GET", "/begun", async ({ response }) => {
        response.writeHead(200);
        await new Promise<void>((resolve) => response.write("begun", () => resolve()));
        throw new Error("late");
      }),
  });
  const stream = session.request({ ":path": "/begun" });
  stream.resume();
  const [error] = (await once(stream, "error")) as [Error];
  expect(error.message).toContain("NGHTTP2_INTERNAL_ERROR");
});

test("a body that does not come is not waited for, also where calls have no deadline", async () => {
  const options = { timeout: 0, requestTimeout: 200 };
  const { session } = await serve(["POST /v1 body=*"], () => ({}), options);
  const stream = session.request({ ":path": "/v1", ":method": "POST" }, { endStream: false });
  stream.on("error", () => undefined);
  stream.resume();
  stream.write("{");
  const [headers] = (await once(stream, "response")) as [IncomingHttpHeaders];
  expect(headers).toMatchObject({ ":status": 408 });
  await once(stream, "close"); // and not kept for what never comes
});

test("a reply may take longer than its request, whose body nobody reads", async () => {
  const { session } = await serve(["GET /v1"], () => ({}), {
    requestTimeout: 40,
    filters: [
      () => (_request, response) => {
        response.write("begun");
        setTimeout(() => response.end("whole"), 200);
      },
    ],
  });
  expect(await send(session, { ":path": "/v1" })).toMatchObject({ body: "begunwhole" });
  const unread = await send(session, { ":path": "/v1", ":method": "POST" }, "body");
  expect(unread.body).toBe("begunwhole");
});

test("a client that reads nothing of its reply is let go", async () => {
  const { session } = await serve(["GET /v1"], () => ({}), {
    idleTimeout: 200,
    onCreate: (server) =>
      server.route("GET", "/large", () => ({ body: Buffer.alloc(4 * 1024 * 1024) })),
  });
  const stream = session.request({ ":path": "/large" });
  stream.on("error", () => undefined);
  await once(session, "close");
  expect(stream.closed).toBe(true);
});
