import { createLogger } from "@kratos-ts/runtime/log";
import type { HttpServerOptions } from "@kratos-ts/runtime/http";
import { expect, test } from "vitest";
import { buildSchema } from "../schema.ts";
import { type RawResponse, send, serveRules } from "../serve.ts";

const R = buildSchema()("test.v1.R");

async function ask(
  requestId: HttpServerOptions["requestId"],
  headers: Readonly<Record<string, string>>,
  path = "/v1",
): Promise<{ response: RawResponse; seen: readonly string[]; records: readonly object[] }> {
  const records: string[] = [];
  const logger = createLogger({ write: (text) => records.push(text) });
  let seen: readonly string[] = [];
  const port = await serveRules(
    ["GET /v1"],
    R,
    R,
    (_request, context) => {
      seen = context.requestHeader.values("X-Request-Id");
      context.logger.info("handled");
      return {};
    },
    { requestId, logger },
  );
  const response = await send(port, `GET ${path}`, undefined, headers);
  const handled = records.filter((text) => text.includes("handled"));
  return { response, seen, records: handled.map((text) => JSON.parse(text) as object) };
}

test("one that came is kept: in the reply, in the headers and in the log", async () => {
  const { response, seen, records } = await ask(true, { "x-request-id": "abc-1" });
  expect(response.headers.get("x-request-id")).toBe("abc-1");
  expect(seen).toEqual(["abc-1"]);
  expect(records[0]).toMatchObject({ request_id: "abc-1" });
});

test.for<[title: string, given: Record<string, string>]>([
  ["none came", {}],
  ["one is too long", { "X-Request-Id": "x".repeat(129) }],
  ["one holds what does not belong into logs", { "X-Request-Id": '{"a":1}' }],
])("a new one is made where %s", async ([, given]) => {
  const { response, seen, records } = await ask(true, given);
  const id = response.headers.get("x-request-id");
  expect(id).toMatch(/^[\da-f-]{36}$/);
  expect(seen).toEqual([id]);
  expect(records[0]).toMatchObject({ request_id: id });
});

test("errors of requests that no route serves have one too", async () => {
  const { response } = await ask(true, {}, "/nope");
  expect(response.status).toBe(404);
  expect(response.headers.get("x-request-id")).toMatch(/^[\da-f-]{36}$/);
});

test("the header may have another name", async () => {
  const { response } = await ask({ header: "X-Trace" }, { "X-Trace": "t1" });
  expect(response.headers.get("x-trace")).toBe("t1");
  expect(response.headers.has("x-request-id")).toBe(false);
});

test("without the option, nothing is added", async () => {
  const { response, records } = await ask(undefined, { "X-Request-Id": "abc" });
  expect(response.headers.has("x-request-id")).toBe(false);
  expect(records[0]).not.toHaveProperty("request_id");
});
