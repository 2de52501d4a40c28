import fc from "fast-check";
import { Agent, request as sendRequest } from "node:http";
import { expect, onTestFinished, test } from "vitest";
import { call, envelope } from "./raw-call.ts";
import { serveParrot } from "./serve-parrot.ts";

const methods = ["Say", "Look", "Repeat", "Collect", "Chat", "Nope"] as const;

const contentTypes = [
  "application/json",
  "application/proto",
  "application/connect+json",
  "application/connect+proto",
  "application/grpc-web+proto",
  "application/grpc-web-text",
  "application/grpc-web-text+json",
  "application/grpc",
  "application/grpc+json",
  "text/plain",
] as const;

const header = fc.constantFrom<Record<string, string>>(
  {},
  { "content-encoding": "gzip" },
  { "connect-content-encoding": "gzip", "connect-accept-encoding": "gzip,br" },
  { "grpc-encoding": "gzip", "grpc-accept-encoding": "gzip" },
  { "connect-timeout-ms": "5000" },
  { "grpc-timeout": "5S" },
  { "connect-protocol-version": "1" },
);

/** Envelopes that are right, wrong, or cut. */
const body = fc
  .array(
    fc.oneof(
      fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
      fc.constantFrom(envelope("{}"), envelope('{"count":2}'), envelope(""), envelope("x", 1)),
      fc
        .tuple(fc.nat(255), fc.nat(100_000))
        .map(([flags, length]) => envelope("{}", flags, length)),
    ),
    { maxLength: 4 },
  )
  .chain((parts) => {
    const whole = Buffer.concat(parts);
    return fc.tuple(fc.constant(whole), fc.nat(whole.length), fc.boolean());
  })
  .map(([whole, end, asText]) => {
    const cut = whole.subarray(0, end);
    return asText ? Buffer.from(cut.toString("base64")) : cut;
  });

test("any bytes get an answer, and the server lives", { timeout: 60_000 }, async () => {
  const { url } = await serveParrot({ compression: true, maxBodyBytes: 50_000 });
  const agent = new Agent({ keepAlive: true });
  onTestFinished(() => agent.destroy());
  const send = (path: string, headers: Record<string, string>, bytes: Buffer) =>
    new Promise<number>((resolve, reject) => {
      const request = sendRequest(
        `${url}${path}`,
        { method: "POST", headers, agent },
        (response) => {
          response.resume();
          response.on("end", () => resolve(response.statusCode ?? 0));
          response.on("error", reject);
        },
      );
      request.on("error", reject);
      request.end(bytes);
    });
  const statuses = new Set([200, 400, 404, 415, 429, 500, 501]);
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...methods),
      fc.constantFrom(...contentTypes),
      header,
      body,
      async (method, type, headers, bytes) => {
        const all = { ...headers, "content-type": type };
        const status = await send(`/test.parrot.v1.Parrot/${method}`, all, bytes);
        expect(statuses).toContain(status);
      },
    ),
    { numRuns: 600 },
  );
  const json = { "content-type": "application/json" };
  const after = await call(`${url}/test.parrot.v1.Parrot/Say`, '{"text":"a"}', json);
  expect(after).toMatchObject({ status: 200, json: { text: "a" } });
});

test("any query gets an answer", { timeout: 60_000 }, async () => {
  const { url } = await serveParrot();
  const value = fc.oneof(
    fc.string({ unit: fc.constantFrom(..."abc{}%+=&1_-/ü\u0000".split("")), maxLength: 12 }),
    fc.constantFrom("json", "proto", "v1", "1", "gzip", "%7B%7D", "e30"),
  );
  const part = fc
    .tuple(fc.constantFrom("encoding", "message", "base64", "connect", "compression"), value)
    .map(([name, text]) => `${name}=${encodeURI(text).replaceAll("#", "%23")}`);
  await fc.assert(
    fc.asyncProperty(fc.array(part, { maxLength: 5 }), async (parts) => {
      const query = parts.join("&");
      const { status } = await call(
        `${url}/test.parrot.v1.Parrot/Look?${query}`,
        undefined,
        {},
        "GET",
      );
      expect([200, 400, 415, 501]).toContain(status);
    }),
    { numRuns: 200 },
  );
});
