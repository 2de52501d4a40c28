import { once } from "node:events";
import type { Server } from "node:http";
import { createServer } from "node:http";
import type { Http2Server } from "node:http2";
import { createServer as createHttp2Server } from "node:http2";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { parseArguments } from "../bench/src/arguments.ts";
import { parseH2load } from "../bench/src/load/h2load.ts";
import { driveHttp1 } from "../bench/src/load/http1-connection.ts";
import { driveHttp2 } from "../bench/src/load/http2-connection.ts";
import type { LoadJob } from "../bench/src/load/load.ts";
import { parseWrk } from "../bench/src/load/wrk.ts";
import type { FieldResult, Row } from "../bench/src/measure/measure-field.ts";
import { orderInRound, spreadOf } from "../bench/src/measure/statistics.ts";
import {
  createJsonOrder,
  createRequest,
  createRequestText,
  expectedOrder,
  findJsonOrder,
  orderId,
  orderJsonBytes,
} from "../bench/src/order.ts";
import { judge } from "../bench/src/report/goals.ts";
import { fieldTable } from "../bench/src/report/tables.ts";
import { generateFiles } from "../src/generate/index.ts";

describe("the work", () => {
  test("is served by code that its proto generates", async () => {
    const bench = fileURLToPath(new URL("../bench", import.meta.url));
    const result = await generateFiles({ root: bench, paths: ["proto"], check: true });
    expect(result).toMatchObject({ diagnostics: [], missing: [], stale: [], orphaned: [] });
    expect(result.unchanged).toContain("proto/order/v1/order_grpc.ts");
  });

  test("has the sizes that the documentation names", () => {
    expect(createRequestText.length).toBe(419);
    expect(JSON.stringify(expectedOrder).length).toBe(orderJsonBytes);
  });

  test("answers the expected order", () => {
    expect(createJsonOrder(createRequest)).toEqual(expectedOrder);
    expect(findJsonOrder(orderId)).toEqual(expectedOrder);
  });
});

describe("statistics", () => {
  test.for<[values: number[], median: number, min: number, max: number]>([
    [[5], 5, 5, 5],
    [[10, 9], 9.5, 9, 10],
    [[10, 9, 100], 10, 9, 100],
    [[4, 1, 3, 2], 2.5, 1, 4],
  ])("the spread of %j", ([values, median, min, max]) => {
    expect(spreadOf(values)).toEqual({ median, min, max });
  });

  test("has no spread of nothing", () => {
    expect(() => spreadOf([])).toThrow("no values");
  });

  test("goes backwards in every second round", () => {
    expect([0, 1, 2].map((round) => orderInRound(["a", "b"], round).join(""))).toEqual([
      "ab",
      "ba",
      "ab",
    ]);
  });
});

describe("arguments", () => {
  test("measure everything by default", () => {
    expect(parseArguments([])).toMatchObject({
      parts: ["http", "grpc", "streams", "clients", "cli"],
      rounds: 3,
      seconds: 2,
      servers: [],
      gate: false,
    });
  });

  test("choose parts and servers", () => {
    const options = parseArguments(["--only", "cli,http", "--servers", "hono", "--seconds", "0.5"]);
    expect(options).toMatchObject({ parts: ["http", "cli"], servers: ["hono"], seconds: 0.5 });
  });

  test.for([
    [["--only", "https"], 'unknown part "https"'],
    [["--rounds", "1.5"], '"1.5" after --rounds'],
    [["--rounds", "0"], '"0" after --rounds'],
    [["--seconds", ""], '"" after --seconds'],
    [["--fast"], "--fast"],
  ] as const)("%j is refused", ([argv, message]) => {
    expect(() => parseArguments(argv)).toThrow(message);
  });
});

describe("reports of generators", () => {
  test("wrk's figures are read", () => {
    const report = "  123456 requests in 2.00s, 90MB read\nRequests/sec:  61728.10\n";
    expect(parseWrk(report)).toEqual({ requests: 123_456, requestsPerSecond: 61_728.1 });
  });

  test.for([
    "  10 requests in 2.00s\n  Non-2xx or 3xx responses: 4\nRequests/sec: 5.00\n",
    "  10 requests in 2.00s\n  Socket errors: connect 0, read 3, write 0, timeout 0\nRequests/sec: 5.00\n",
    "unable to connect to 127.0.0.1:1 Connection refused\n",
  ])("wrk's failures are not taken for speed: %j", (report) => {
    expect(() => parseWrk(report)).toThrow(/failed requests|unexpected report/);
  });

  const h2load = (failed: number, clientErrors: number): string =>
    `finished in 2.00s, 41970.50 req/s, 5.01MB/s
requests: 83941 total, 83941 started, 83941 done, ${83_941 - failed} succeeded, ${failed} failed, 0 errored, 0 timeout
status codes: ${83_941 - clientErrors} 2xx, 0 3xx, ${clientErrors} 4xx, 0 5xx\n`;

  test("h2load's figures are read", () => {
    expect(parseH2load(h2load(0, 0))).toEqual({ requests: 83_941, requestsPerSecond: 41_970.5 });
  });

  test.for([h2load(1, 0), h2load(0, 1), "spawning thread #0\n"])(
    "h2load's failures are not taken for speed: %j",
    (report) => {
      expect(() => parseH2load(report)).toThrow(/failed requests|unexpected report/);
    },
  );
});

describe("generators on plain sockets", () => {
  async function portOf(server: Server | Http2Server): Promise<number> {
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return (server.address() as AddressInfo).port;
  }
  const soon = (): number => performance.now() + 50;
  const job = (port: number, streams: number): LoadJob => ({
    port,
    pressure: { connections: 1, streams },
    seconds: 1,
    work: {
      method: "POST",
      path: "/work",
      headers: { "content-type": "text/plain" },
      body: Buffer.from("hello"),
    },
  });

  test.for([false, true])("HTTP/1.1 counts the answers, chunked: %s", async (chunked) => {
    let seen = 0;
    const bodies = new Set<string>();
    const server = createServer((request, response) => {
      seen += 1;
      request.on("data", (chunk) => bodies.add(`${request.method} ${request.url} ${chunk}`));
      request.on("end", () => {
        if (chunked) response.write("wor");
        response.end(chunked ? "ld" : "world");
      });
    });
    try {
      const answers = await driveHttp1(job(await portOf(server), 1), soon());
      expect(answers).toBeGreaterThanOrEqual(1);
      expect(seen).toBe(answers);
      expect(Array.from(bodies)).toEqual(["POST /work hello"]);
    } finally {
      server.close();
    }
  });

  test("HTTP/1.1 fails on an answer that is an error", async () => {
    const server = createServer((_, response) => response.writeHead(500).end("no"));
    try {
      await expect(driveHttp1(job(await portOf(server), 1), soon())).rejects.toThrow("500");
    } finally {
      server.close();
    }
  });

  test("HTTP/2 counts the answers and sends whole requests", async () => {
    let seen = 0;
    const requests = new Set<string>();
    const server = createHttp2Server();
    server.on("stream", (stream, headers) => {
      seen += 1;
      const line = `${headers[":method"]} ${headers[":path"]} ${headers["content-type"]}`;
      stream.on("data", (chunk) => requests.add(`${line} ${chunk}`));
      stream.on("wantTrailers", () => stream.sendTrailers({ done: "yes" }));
      stream.on("end", () => {
        stream.respond({ ":status": 200 }, { waitForTrailers: true });
        stream.end("world");
      });
    });
    try {
      const answers = await driveHttp2(job(await portOf(server), 4), soon());
      expect(answers).toBeGreaterThanOrEqual(4); // the first call of a connection is encoded in another way
      expect(seen).toBe(answers);
      expect(Array.from(requests)).toEqual(["POST /work text/plain hello"]);
    } finally {
      server.close();
    }
  });

  test("HTTP/2 fails on an answer without a message", async () => {
    const server = createHttp2Server();
    server.on("stream", (stream) => {
      stream.resume();
      stream.respond({ ":status": 200, "grpc-status": "13" }, { endStream: true });
    });
    try {
      await expect(driveHttp2(job(await portOf(server), 1), soon())).rejects.toThrow(
        "without a message",
      );
    } finally {
      server.close();
    }
  });
});

describe("the verdict", () => {
  const spread = (value: number) => ({ median: value, min: value, max: value });
  const row = (id: string, ratio: number, cpuRatio: number, busy: number): Row => ({
    peer: { id, title: id },
    ratio: spread(ratio),
    cpuRatio,
    requestsPerSecond: spread(ratio * 50_000),
    cpuPerRequest: spread(20 / cpuRatio),
    busy: spread(busy),
  });
  const field = (ratio: number, cpuRatio: number, busy: number): FieldResult => ({
    title: "HTTP POST",
    rows: [row("raw", 1, 1, 1), row("kratos", ratio, cpuRatio, busy)],
  });

  test("takes requests per second where the servers were busy", () => {
    expect(judge({ http: [field(0.96, 0.5, 1)] })).toEqual([
      { title: "HTTP POST ÷ mark", wanted: "≥ 0.95", reached: 0.96, met: true },
    ]);
    expect(judge({ http: [field(0.94, 1, 1)] })).toMatchObject([{ met: false }]);
  });

  test("wants to be ahead of peers that were measured too", () => {
    const { title, rows } = field(0.96, 1, 1);
    const goals = judge({
      http: [{ title, rows: [...rows, row("fastify", 0.97, 1, 1), row("hono", 2, 2, 1)] }],
    });
    expect(goals).toMatchObject([
      { title: "HTTP POST ÷ mark", met: true },
      { title: "HTTP POST ÷ fastify", wanted: "≥ 1", met: false },
    ]);
  });

  test("takes CPU per request where the generator set the pace", () => {
    expect(judge({ http: [field(1, 0.5, 0.6)] })).toEqual([
      { title: "HTTP POST ÷ mark, by CPU", wanted: "≥ 0.95", reached: 0.5, met: false },
    ]);
    expect(fieldTable(field(1, 0.5, 0.6))).toContain("kratos. Read their ratio by CPU.");
  });

  test("judges start-up by ratio and by seconds", () => {
    const startUp = {
      node: spread(40),
      help: spread(50),
      helpRatio: spread(1.25),
      newProject: spread(0.8),
    };
    expect(judge({ startUp }).map(({ met }) => met)).toEqual([true, false]);
  });

  test("says nothing about what was not measured", () => {
    expect(judge({})).toEqual([]);
    expect(judge({ grpc: [{ title: "gRPC", rows: [row("raw", 1, 1, 1)] }] })).toEqual([]);
  });
});
