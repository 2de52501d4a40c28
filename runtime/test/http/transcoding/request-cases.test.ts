import { fromJson, type JsonValue, toJson } from "@bufbuild/protobuf";
import { describe, expect, test } from "vitest";
import { buildSchema } from "../schema.ts";
import { send, serveRules } from "../serve.ts";
import { bodyCases } from "./body.ts";
import { matchingCases } from "./matching.ts";
import { pathTypeCases } from "./path-types.ts";
import { percentCases } from "./percent.ts";
import { queryCases } from "./query.ts";
import type { RequestCase } from "./request-case.ts";

const R = buildSchema()("test.v1.R");

describe.for<[section: string, cases: readonly RequestCase[]]>([
  ["matching", matchingCases],
  ["percent escapes", percentCases],
  ["path variables", pathTypeCases],
  ["the query", queryCases],
  ["the body", bodyCases],
])("%s", ([, cases]) => {
  test.for(cases)("$id $title", async (wanted) => {
    const calls: { route: string; message: JsonValue }[] = [];
    const port = await serveRules(
      wanted.rules.split(", "),
      R,
      R,
      (request, { operation }) => {
        calls.push({ route: operation.replace("/test.v1.Test/", ""), message: toJson(R, request) });
        return {};
      },
      wanted.options,
    );
    const { request, body, headers, status = 200, error, route, message, allow } = wanted;

    const response = await send(port, request, body, headers);

    expect(response.status).toBe(status);
    expect(calls).toHaveLength(status === 200 ? 1 : 0);
    if (route !== undefined) expect(calls[0]!.route).toBe(route);
    if (message !== undefined) expect(calls[0]!.message).toEqual(normalise(message));
    if (allow !== undefined) expect(response.headers.get("allow")).toBe(allow);
    if (status >= 400) expectError(response.body, status, error);
    expect(Object.keys(Object.prototype)).toEqual([]);
  });
});

/** A message through the reference implementation, so that the spellings of a value are equal. */
function normalise(message: JsonValue): JsonValue {
  return toJson(R, fromJson(R, message));
}

function expectError(body: string, status: number, message: RegExp | undefined): void {
  const error = JSON.parse(body) as Record<string, unknown>;
  expect(error).toEqual({
    code: status,
    reason: status === 400 ? "CODEC" : expect.stringMatching(/^[A-Z_]+$/),
    message: expect.stringMatching(message ?? /./),
    metadata: {},
  });
}
