import type { DescMessage } from "@bufbuild/protobuf";
import fc from "fast-check";
import { connect } from "node:net";
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import type { HttpServerOptions } from "@kratos-ts/runtime/http";
import { buildSchema } from "../schema.ts";
import { appInfo, createTestServer, parseResponse, parseRule } from "../serve.ts";

/** Seconds that the fuzzing may take, each time with other requests; without it, always the same for a while. */
const wanted = process.env["TRANSCODING_FUZZ_SECONDS"];
const duration = Number(wanted ?? 12) * 1000;
const seed = wanted === undefined ? 1 : Date.now();
/** A connection that lives longer than this, in milliseconds, hangs. */
const patience = 10_000;

const R = buildSchema()("test.v1.R");
const rules = [
  "GET /v1/{id}",
  "GET /v1/{id=foo}/x",
  "GET /v1/{n}/{name=files/**}",
  "GET /v1/{sub.num}:verb",
  "POST /v1/{ts}/{raw} body=*",
  "POST /v1/{opt_n}/{w_i}/{d} body=*",
  "POST /v2/{state} body=book",
  "PATCH /v2/{book.subfield} body=book",
  "PATCH /v2/{dur}/x body=subs",
  "PUT /v2/{b} body=val",
  "PUT /v2/{u}/x body=labels",
  "POST /v2/{id}/file body=file",
  "* /v3/{name=**} response=book",
];
const options: readonly HttpServerOptions[] = [
  {},
  { strict: true },
  { compat: { goDurations: true, enumIgnoreCase: true, keepReserved: true, fillMask: true } },
];

const fieldNames = R.fields.flatMap(({ name, jsonName }) => [name, jsonName]);
const word = fc.oneof(
  fc.stringMatching(/^[!"$-~]{0,12}$/),
  fc.constantFrom(
    "%2F",
    "%zz",
    "%FF",
    "..",
    "%2e",
    "[",
    "]",
    "[]",
    ":verb",
    "{id}",
    "**",
    "=",
    "+",
  ),
  fc.constantFrom(
    "__proto__",
    "constructor",
    "foo",
    "files",
    "file",
    "x",
    "1",
    "-1",
    "true",
    "1e999",
  ),
  fc.constantFrom("ACTIVE", "1s", "2026-01-01T00:00:00Z", "AAEC", "9".repeat(400), "[".repeat(400)),
  fc.constantFrom(...fieldNames),
);
const key = fc.array(word, { minLength: 1, maxLength: 4 }).map((parts) => parts.join("."));
const query = fc
  .array(fc.tuple(key, fc.constantFrom("=", "", "[]=", "[k]="), word), { maxLength: 6 })
  .map((pairs) => pairs.map((pair) => pair.join("")).join("&"));
const target = fc
  .tuple(
    fc.oneof(
      fc.constantFrom(...rules.map((rule) => rule.split(" ")[1]!)),
      fc
        .tuple(fc.constantFrom("/v1/", "/v2/", "/v3/", "/"), fc.array(word, { maxLength: 4 }))
        .map(([start, parts]) => start + parts.join("/")),
    ),
    query,
  )
  .map(([path, query]) => `${path}?${query}`);
const json = fc
  .dictionary(fc.constantFrom(...fieldNames, "num", "deep", "__proto__"), fc.jsonValue())
  .map((value) => JSON.stringify(value));
const body = fc.oneof(json, fc.json(), query, fc.string()).map((value) => Buffer.from(value));
const bytes = fc.oneof(
  body,
  body.map((value) => gzipSync(value)),
  fc.uint8Array({ maxLength: 60 }).map((value) => Buffer.from(value)),
);
const types = ["json", "proto", "x-www-form-urlencoded", "yaml", "json; charset=x"].map(
  (name) => `Content-Type: application/${name}\r\n`,
);
const header = fc.constantFrom(
  "",
  ...types,
  "Content-Type: multipart/form-data; boundary=x\r\n",
  "Content-Encoding: gzip\r\n",
  "Accept: application/proto\r\n",
  "Accept: text/event-stream, nonsense;q=x\r\n",
  "X-Server-Timeout: 5\r\n",
  "grpc-timeout: 9S\r\n",
);

/** A request with a body of the length that it tells. */
const request = fc
  .tuple(
    fc.constantFrom("GET", "HEAD", "POST", "PATCH", "PUT", "OPTIONS", "DELETE"),
    target,
    fc.array(header, { maxLength: 3 }),
    bytes,
  )
  .map(([method, target, headers, content]) => {
    const head = `${method} ${target} HTTP/1.1\r\nHost: t\r\nConnection: close\r\n`;
    const length = `Content-Length: ${content.length}\r\n\r\n`;
    return Buffer.concat([Buffer.from(head + headers.join("") + length, "latin1"), content]);
  });

/** One whose bytes were changed here and there. */
const mutated = fc
  .tuple(request, fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 3 }))
  .map(([valid, changes]) => {
    const copy = Buffer.from(valid);
    for (const [at, value] of changes) copy[at % copy.length] = value;
    return copy;
  });

test("no request makes a server fail, crash or hang", { timeout: duration + 60_000 }, async () => {
  const ports: number[] = [];
  for (const each of options) ports.push(await serve(R, each)); // oxlint-disable-line no-await-in-loop -- each in its turn
  const statuses = new Set<number>();
  const batch = fc.array(
    fc.tuple(fc.constantFrom(...ports), fc.oneof({ weight: 4, arbitrary: request }, mutated)),
    { minLength: 20, maxLength: 20, size: "max" },
  );

  await fc.assert(
    fc.asyncProperty(batch, async (requests) => {
      const answers = await Promise.all(requests.map(([port, bytes]) => exchange(port, bytes)));
      for (const status of answers) statuses.add(status);
      expect(answers.filter((status) => status >= 500)).toEqual([]);
    }),
    { seed, numRuns: Infinity, interruptAfterTimeLimit: duration, endOnFailure: true },
  );

  // The requests are worth something only if they reach all of these.
  expect([...statuses]).toEqual(expect.arrayContaining([200, 204, 400, 404, 405, 415]));
  const alive = "GET /v1/x HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n";
  expect(await Promise.all(ports.map((port) => exchange(port, Buffer.from(alive))))).toEqual(
    ports.map(() => 200),
  );
});

async function serve(R: DescMessage, options: HttpServerOptions): Promise<number> {
  const server = createTestServer({
    timeout: 300,
    headersTimeout: 300,
    requestTimeout: 300,
    idleTimeout: 300,
    ...options,
  });
  for (const rule of rules) {
    const operation = `/test.v1.Test/${rule}`;
    server.handle({ operation, input: R, output: R, bindings: [parseRule(rule)] }, (r) => r);
  }
  await server.start(appInfo);
  return server.port!;
}

/** Sends bytes and waits for the end of the connection; 0: it ended without an answer. Rejects when it hangs. */
function exchange(port: number, bytes: Buffer): Promise<number> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    const socket = connect(port, "127.0.0.1");
    socket.setTimeout(patience, () => {
      socket.destroy();
      reject(new Error(`no answer to ${JSON.stringify(bytes.toString("latin1"))}`));
    });
    socket.on("data", (chunk: Buffer) => chunks.push(chunk));
    socket.on("error", () => undefined); // its end is told by "close"
    socket.on("close", () => {
      const text = Buffer.concat(chunks).toString("latin1");
      resolve(text === "" ? 0 : parseResponse(text).status);
    });
    socket.write(bytes);
  });
}
