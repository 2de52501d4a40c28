import { create, toJson } from "@bufbuild/protobuf";
import { createClient, type Transport } from "@connectrpc/connect";
import { createConnectTransport, createGrpcWebTransport } from "@connectrpc/connect-web";
import { cors, HttpServer, type HttpServerOptions, redirect } from "@kratos-ts/runtime/http";
import { silentLogger } from "@kratos-ts/runtime/log";
import { type InMemoryService, startInMemory } from "@kratos-ts/runtime/testing";
import { once } from "node:events";
import { expect, onTestFinished, test } from "vitest";
import { Parrot, registerParrot, WordsSchema } from "../connect/parrot.ts";
import { createDeferred } from "../grpc/deferred.ts";

async function start(
  options: HttpServerOptions,
  register: (server: HttpServer) => void,
): Promise<InMemoryService> {
  const http = new HttpServer({ logger: silentLogger, ...options });
  register(http);
  const service = await startInMemory({ http });
  onTestFinished(() => service.close());
  return service;
}

/** Answers with what came. */
function echo(server: HttpServer): void {
  server.route("*", "/echo/{rest=**}", async (request, { requestHeader }) => ({
    json: {
      method: request.message.method,
      path: request.message.url,
      rest: request.params["rest"],
      type: requestHeader.get("content-type"),
      host: requestHeader.get("host"),
      length: requestHeader.get("content-length"),
      body: (await request.readBody()).toString(),
    },
  }));
}

test("sends requests of all methods, with bodies of all kinds", async () => {
  const { fetch } = await start({}, echo);
  const form = new FormData();
  form.set("file", new Blob(["content"]), "a.txt");
  const stream = new ReadableStream({
    start(controller) {
      controller.enqueue(new TextEncoder().encode("piece by "));
      controller.enqueue(new TextEncoder().encode("piece"));
      controller.close();
    },
  });
  const bodies: readonly [RequestInit | undefined, object][] = [
    [undefined, { method: "GET", body: "" }],
    [{ method: "DELETE" }, { method: "DELETE", body: "" }],
    [
      { method: "POST", body: "text" },
      { body: "text", length: "4" },
    ],
    [
      { method: "PUT", body: new Uint8Array([65, 66]) },
      { body: "AB", length: "2" },
    ],
    [
      { method: "POST", body: new URLSearchParams({ a: "1 2" }) },
      { body: "a=1+2", type: "application/x-www-form-urlencoded;charset=UTF-8" },
    ],
    [{ method: "POST", body: form }, { body: expect.stringContaining("a.txt") as string }],
    [{ method: "POST", body: stream, duplex: "half" }, { body: "piece by piece" }],
  ];

  for (const [init, want] of bodies) {
    const response = await fetch("/echo/a/b%2Fc?q=1", init); // oxlint-disable-line no-await-in-loop -- one after the other
    expect(await response.json()).toMatchObject({
      path: "/echo/a/b%2Fc?q=1",
      host: "in-memory",
      ...want,
    }); // oxlint-disable-line no-await-in-loop -- one after the other
  }
});

test("takes paths, URLs and requests, whatever host they name", async () => {
  const { fetch } = await start({}, echo);
  const inputs = [
    "/echo/a",
    "https://orders.example:8443/echo/a",
    new URL("http://orders.example/echo/a"),
    new Request("http://orders.example/echo/a", { method: "POST", body: "b" }),
  ];

  const replies = await Promise.all(inputs.map(async (input) => (await fetch(input)).json()));

  expect(replies).toMatchObject([
    { host: "in-memory" },
    { host: "orders.example:8443" },
    { host: "orders.example" },
    { host: "orders.example", method: "POST", body: "b" },
  ]);
});

test("gives replies as they came", async () => {
  const { fetch } = await start({ compression: { threshold: 10 } }, (server) => {
    server.route("GET", "/old", () => {
      throw redirect("/new", 308);
    });
    server.route("GET", "/cookies", (_, { replyHeader }) => {
      replyHeader.add("set-cookie", "a=1");
      replyHeader.add("set-cookie", "b=2");
      return { status: 202, json: {} };
    });
    server.route("GET", "/nothing", () => ({ status: 204 }));
    server.handle(
      {
        operation: "/test.v1.Test/Long",
        input: WordsSchema,
        output: WordsSchema,
        bindings: [{ method: "GET", path: "/long" }],
      },
      () => ({ text: "x".repeat(1000) }),
    );
  });

  const moved = await fetch("/old");
  expect([moved.status, moved.headers.get("location")]).toEqual([308, "/new"]);
  const cookies = await fetch("/cookies");
  expect([cookies.status, cookies.headers.getSetCookie()]).toEqual([202, ["a=1", "b=2"]]);
  const nothing = await fetch("/nothing");
  expect([nothing.status, nothing.body]).toEqual([204, null]);
  const head = await fetch("/long", { method: "HEAD" });
  expect([head.status, await head.text()]).toEqual([200, ""]);
  const packed = await fetch("/long", { headers: { "accept-encoding": "gzip" } });
  expect(packed.headers.get("content-encoding")).toBe("gzip");
  expect((await packed.arrayBuffer()).byteLength).toBeLessThan(200);
  expect((await fetch("/unknown")).status).toBe(404);
});

test("goes by the server's filters", async () => {
  const origin = "https://app.example.com";
  const { fetch } = await start({ filters: [cors({ origins: [origin] })] }, echo);

  const preflight = await fetch("/echo/a", {
    method: "OPTIONS",
    headers: { origin, "access-control-request-method": "PUT" },
  });

  expect(preflight.headers.get("access-control-allow-origin")).toBe(origin);
});

test("clients of Connect and gRPC-Web call by it", async () => {
  const { fetch } = await start({}, (server) => registerParrot(server.rpc));
  const settings = { baseUrl: "http://in-memory", fetch };
  const transports: readonly Transport[] = [
    createConnectTransport(settings),
    createGrpcWebTransport(settings),
  ];

  for (const transport of transports) {
    const parrot = createClient(Parrot, transport);
    expect((await parrot.say({ text: "hello" })).text).toBe("hello"); // oxlint-disable-line no-await-in-loop -- one after the other
    const said: unknown[] = [];
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    for await (const words of parrot.repeat({ text: "a", count: 3n })) said.push(words.text);
    expect(said).toEqual(["a", "a", "a"]);
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    await expect(parrot.say({ text: "fail" })).rejects.toThrow('nobody says "fail"');
  }
  const words = create(WordsSchema, { text: "by hand" });
  const reply = await fetch("/test.parrot.v1.Parrot/Say", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(toJson(WordsSchema, words)),
  });
  expect(await reply.json()).toMatchObject({ text: "by hand" });
});

test("an abort ends the request", async () => {
  const called = createDeferred();
  const aborted = createDeferred();
  const { fetch } = await start({ timeout: 0 }, (server) => {
    server.route("GET", "/slow", async (_, { signal }) => {
      called.resolve();
      await once(signal, "abort");
      aborted.resolve();
      return {};
    });
  });
  const leaving = new AbortController();
  const reason = new Error("enough");

  const request = fetch("/slow", { signal: leaving.signal });
  await called.promise;
  leaving.abort(reason);

  await expect(request).rejects.toBe(reason);
  await aborted.promise;
  await expect(fetch("/slow", { signal: leaving.signal })).rejects.toBe(reason);
});

test("a reply can be left half read", async () => {
  const aborted = createDeferred();
  const { fetch } = await start({}, (server) => {
    server.rpc.handle(
      {
        operation: "/test.v1.Test/Endless",
        kind: "serverStreaming",
        input: WordsSchema,
        output: WordsSchema,
      },
      async function* (_, { signal }) {
        signal.addEventListener("abort", () => aborted.resolve());
        for (;;) yield { text: "x".repeat(1000) };
      },
    );
  });
  const response = await fetch("/test.v1.Test/Endless", {
    method: "POST",
    headers: { "content-type": "application/connect+json" },
    body: new Uint8Array([0, 0, 0, 0, 2, 123, 125]),
  });

  const reader = response.body!.getReader();
  expect((await reader.read()).done).toBe(false);
  await reader.cancel();

  await aborted.promise;
});

test("requests that do not come to their end are given up", async () => {
  const { fetch } = await start({ requestTimeout: 40 }, (server) => {
    server.rpc.handle(
      { operation: "/test.v1.Test/Say", kind: "unary", input: WordsSchema, output: WordsSchema },
      (words) => words,
    );
  });

  const response = await fetch("/test.v1.Test/Say", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: new ReadableStream({ start: (controller) => controller.enqueue(Buffer.from("{")) }),
    duplex: "half",
  });

  expect(response.status).toBe(408);
});

test("a server that breaks off is told by what fetch fails with", async () => {
  const { fetch } = await start({}, (server) => {
    server.route("GET", "/broken", ({ message }) => {
      message.socket.destroy();
      return {};
    });
  });

  await expect(fetch("/broken")).rejects.toThrow(TypeError);
});

test("connections over the server's limit are refused", async () => {
  const called = createDeferred();
  const answer = createDeferred();
  const { fetch } = await start({ maxConnections: 1 }, (server) => {
    server.route("GET", "/wait", async () => {
      called.resolve();
      await answer.promise;
      return {};
    });
  });

  const first = fetch("/wait");
  await called.promise;
  const second = await fetch("/wait");
  answer.resolve();

  expect(second.status).toBe(503);
  expect((await first).status).toBe(200);
});
