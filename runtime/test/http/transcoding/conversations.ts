import type { DescMessage } from "@bufbuild/protobuf";
import { KratosError } from "@kratos-ts/runtime";
import { cors, type HttpFilter } from "@kratos-ts/runtime/http";
import { EventEmitter, once } from "node:events";
import { connect } from "node:net";
import { appInfo, createTestServer, parseResponse, parseRule, send, serveRules } from "../serve.ts";

/** What takes more than one request and one reply to show. */
export interface Conversation {
  readonly id: string;
  /** A fact. */
  readonly title: string;
  /** Holds it, and returns what came of it. */
  readonly hold: (R: DescMessage) => Promise<unknown>;
  readonly result: unknown;
}

const preflight = {
  Origin: "https://page.test",
  "Access-Control-Request-Method": "GET",
};

const override: HttpFilter = (next) => (request, response) => {
  const wanted = request.headers["x-http-method-override"];
  if (request.method === "POST" && wanted === "GET") request.method = wanted;
  return next(request, response);
};

/** Where a request is answered before it has ended, or more than once. */
export const conversations: readonly Conversation[] = [
  {
    id: "B30",
    title: "a preflight is answered before a route is looked for",
    result: { status: 204, origin: "https://page.test", calls: 0 },
    async hold(R) {
      let calls = 0;
      const count = () => ({ n: ++calls });
      const filters = [cors({ origins: ["https://page.test"] })];
      const port = await serveRules(["* /v1/{id}"], R, R, count, { filters });
      const { status, headers } = await send(port, "OPTIONS /v1/1", undefined, preflight);
      return { status, origin: headers.get("access-control-allow-origin"), calls };
    },
  },
  {
    id: "B33",
    title: "a filter may take the method from a header",
    result: 200,
    async hold(R) {
      const options = { filters: [override] };
      const port = await serveRules(["GET /v1/{id}"], R, R, () => ({}), options);
      const headers = { "X-HTTP-Method-Override": "GET" };
      return (await send(port, "POST /v1/1", "", headers)).status;
    },
  },
  {
    id: "F24",
    title: "a stream of requests is a list or lines of JSON",
    result: ["1,2", "1,2", "400"],
    async hold(R) {
      const url = await serveStreams(R);
      const post = async (contentType: string, body: string): Promise<string> => {
        const headers = { "Content-Type": contentType };
        const response = await fetch(`${url}/in`, { method: "POST", headers, body });
        const { name } = (await response.json()) as { name?: string };
        return name ?? String(response.status);
      };
      return Promise.all([
        post("application/json", '[{"n":1},{"n":2}]'),
        post("application/x-ndjson", '{"n":1}\n{"n":2}\n'),
        post("application/x-ndjson", '{"n":1}\n{"n":"x"}\n'),
      ]);
    },
  },
  {
    id: "F26",
    title: "who waits to be asked for the body is asked",
    result: ["100", "200"],
    async hold(R) {
      const port = await serveRules(["POST /v1 body=*"], R, R, (request) => request);
      const socket = connect(port, "127.0.0.1");
      const head = "POST /v1 HTTP/1.1\r\nHost: t\r\nConnection: close\r\nContent-Length: 2\r\n";
      socket.write(`${head}Expect: 100-continue\r\n\r\n`);
      const [first] = (await once(socket, "data")) as [Buffer];
      socket.write("{}");
      const [second] = (await once(socket, "data")) as [Buffer];
      socket.destroy();
      return [first, second].map((bytes) => String(parseResponse(bytes.toString()).status));
    },
  },
  {
    id: "G15",
    title: "a stream of replies is events or lines of JSON, as its client likes",
    result: {
      events: [
        "text/event-stream",
        'event: message\ndata: {"n":1}\n\nevent: message\ndata: {"n":2}\n\n',
      ],
      lines: ["application/x-ndjson", '{"n":1}\n{"n":2}\n'],
    },
    async hold(R) {
      const url = await serveStreams(R);
      return {
        events: await readStream(`${url}/out`, "text/event-stream"),
        lines: await readStream(`${url}/out`, "*/*"),
      };
    },
  },
  {
    id: "G16",
    title: "a stream that fails ends with its error",
    result: {
      events: [
        "text/event-stream",
        'event: message\ndata: {"n":1}\n\nevent: error\ndata: {"code":409,"reason":"TAKEN","message":"no","metadata":{}}\n\n',
      ],
      lines: [
        "application/x-ndjson",
        '{"n":1}\n{"error":{"code":409,"reason":"TAKEN","message":"no","metadata":{}}}\n',
      ],
    },
    async hold(R) {
      const url = await serveStreams(R);
      return {
        events: await readStream(`${url}/broken`, "text/event-stream"),
        lines: await readStream(`${url}/broken`, "application/x-ndjson"),
      };
    },
  },
  {
    id: "G17",
    title: "a handler learns that its client has gone",
    result: { code: 499, reason: "CLIENT_CLOSED" },
    async hold(R) {
      const events = new EventEmitter();
      const called = once(events, "called");
      const gone = once(events, "gone");
      const port = await serveRules(["GET /v1"], R, R, async (_, { signal }) => {
        events.emit("called");
        if (!signal.aborted) await once(signal, "abort");
        events.emit("gone", signal.reason);
        return {};
      });
      const socket = connect(port, "127.0.0.1");
      socket.write("GET /v1 HTTP/1.1\r\nHost: t\r\n\r\n");
      await called;
      socket.destroy();
      const [{ code, reason }] = (await gone) as [KratosError];
      return { code, reason };
    },
  },
  {
    id: "G19",
    title: "a client says how long it waits",
    result: [504, 504],
    async hold(R) {
      const wait = async (_: unknown, { signal }: { signal: AbortSignal }) => {
        if (!signal.aborted) await once(signal, "abort");
        return {};
      };
      const port = await serveRules(["GET /v1"], R, R, wait, { timeout: 0 });
      const waits = [{ "grpc-timeout": "20m" }, { "X-Server-Timeout": "0.02" }];
      const answers = waits.map((headers) => send(port, "GET /v1", undefined, headers));
      return (await Promise.all(answers)).map(({ status }) => status);
    },
  },
];

/** A server with a stream in, at `/in`, and two out, at `/out` and `/broken`; returns its URL. */
async function serveStreams(R: DescMessage): Promise<string> {
  const server = createTestServer({ json: { emitDefaults: false } });
  const route = (rule: string) => ({
    operation: `/test.v1.Test/${rule}`,
    input: R,
    output: R,
    bindings: [parseRule(rule)] as const,
  });
  server.handle({ ...route("POST /in body=*"), kind: "clientStreaming" }, async (requests) => {
    const numbers: unknown[] = [];
    for await (const request of requests) numbers.push((request as { n?: number }).n);
    return { name: numbers.join() };
  });
  server.handle({ ...route("GET /out"), kind: "serverStreaming" }, async function* () {
    yield { n: 1 };
    yield { n: 2 };
  });
  server.handle({ ...route("GET /broken"), kind: "serverStreaming" }, async function* () {
    yield { n: 1 };
    throw new KratosError(409, "TAKEN", "no");
  });
  await server.start(appInfo);
  return `http://127.0.0.1:${server.port}`;
}

async function readStream(
  url: string,
  accept: string,
): Promise<[type: string | null, body: string]> {
  const response = await fetch(url, { headers: { Accept: accept } });
  return [response.headers.get("content-type"), await response.text()];
}
