import { createLogger } from "@kratos-ts/runtime/log";
import { expect, test } from "vitest";
import { buildSchema } from "./schema.ts";
import { send, serveRules } from "./serve.ts";

const R = buildSchema()("test.v1.R");
const rules = ["POST /v1/x body=*", "GET /v1/{n}"];

test.for<[what: string, request: string, body: string | undefined, type: string, record: object]>([
  [
    "no route",
    "GET /nope",
    undefined,
    "",
    { operation: "/nope", code: 404, reason: "ROUTE_NOT_FOUND" },
  ],
  [
    "another method",
    "PUT /v1/x",
    "{}",
    "application/json",
    { operation: "/v1/x", code: 405, reason: "METHOD_NOT_ALLOWED" },
  ],
  [
    "a wrong path variable",
    "GET /v1/abc",
    undefined,
    "",
    { operation: "/test.v1.Test/GET /v1/{n}", code: 400, reason: "CODEC" },
  ],
  [
    "a body that cannot be read",
    "POST /v1/x",
    "{",
    "application/json",
    { operation: "/test.v1.Test/POST /v1/x body=*", code: 400, reason: "CODEC" },
  ],
  [
    "a content type that is not known",
    "POST /v1/x",
    "{}",
    "image/png",
    { operation: "/test.v1.Test/POST /v1/x body=*", code: 415, reason: "CODEC" },
  ],
  ["a path of dots", "GET /v1/../x", undefined, "", { code: 400, reason: "CODEC" }],
])("a request with %s is told of in one record", async ([, request, body, type, expected]) => {
  const records: string[] = [];
  const logger = createLogger({ write: (text) => records.push(text) });
  const port = await serveRules(rules, R, R, () => ({}), { logger });
  records.length = 0;
  const response = await send(port, request, body, type === "" ? {} : { "Content-Type": type });
  expect(records).toHaveLength(1);
  expect(JSON.parse(records[0]!)).toMatchObject({
    level: "info",
    msg: "server request refused",
    kind: "server",
    component: "http",
    ...expected,
  });
  expect(JSON.parse(response.body)).toMatchObject({ code: response.status });
});

test("JSON that came as a form is told apart from a form", async () => {
  const port = await serveRules(rules, R, R, () => ({}));
  const form = { "Content-Type": "application/x-www-form-urlencoded" };
  const response = await send(port, "POST /v1/x", '{"name":"x"}', form);
  expect(response.status).toBe(400);
  expect(JSON.parse(response.body)).toMatchObject({
    reason: "CODEC",
    message:
      'the body looks like JSON and came as a form, send the header "Content-Type: application/json"',
  });
  expect((await send(port, "POST /v1/x", "name=%7B", form)).status).toBe(200);
});
