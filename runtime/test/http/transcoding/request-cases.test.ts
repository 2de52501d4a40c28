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
    const { request, body, headers, status = 200 } = wanted;

    const response = await send(port, request, body, headers);

    const seen = { ...calls[0], status: response.status, allow: response.headers.get("allow") };
    expect(seen).toMatchObject(toExpected(wanted));
    expect(calls).toHaveLength(status === 200 ? 1 : 0);
    expect(status < 400 ? noError : JSON.parse(response.body)).toEqual(toError(wanted));
    expect(Object.keys(Object.prototype)).toEqual([]);
  });
});

const noError = {};

/** What a case says, and nothing else. */
function toExpected({ status = 200, route, message, allow }: RequestCase): object {
  return {
    status,
    ...(route !== undefined && { route }),
    ...(message !== undefined && { message: normalise(message) }),
    ...(allow !== undefined && { allow }),
  };
}

/** A message through the reference implementation, so that the spellings of a value are equal. */
function normalise(message: JsonValue): JsonValue {
  return toJson(R, fromJson(R, message));
}

/** An error's whole body. */
function toError({ status = 200, error }: RequestCase): object {
  if (status < 400) return noError;
  const reason = status === 400 ? /^CODEC$/ : /^[A-Z_]+$/;
  return {
    code: status,
    reason: expect.stringMatching(reason) as unknown,
    message: expect.stringMatching(error ?? /./) as unknown,
    metadata: {},
  };
}
