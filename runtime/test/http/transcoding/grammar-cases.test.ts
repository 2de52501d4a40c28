import { fromJson, type JsonObject } from "@bufbuild/protobuf";
import { type HttpRule, HttpRuleSchema } from "@kratos-ts/runtime/protos/google/api/http_pb.ts";
import { HttpServer, RouteConflictError, RouteRuleError } from "@kratos-ts/runtime/http";
import { expect, test } from "vitest";
import type { HttpBinding } from "../../../src/transport/method.ts";
import { buildSchema } from "../schema.ts";
import { appInfo, createTestServer, send } from "../serve.ts";
import { collisionCases, grammarCases } from "./grammar.ts";

const R = buildSchema()("test.v1.R");
// The generator alone can know of these.
const unspeakable = (rule: JsonObject | undefined): boolean =>
  rule === undefined || toBindings(rule).length === 0;
const served = grammarCases.filter(({ rule, refusal }) => !unspeakable(rule) && !refusal);
const refused = grammarCases.filter(({ refusal }) => refusal);

test.for(served)("$id is served: $title", ({ rule, bidi }) => {
  expect(() => register([rule!], bidi)).not.toThrow();
});

test.for(refused)("$id is refused by a server: $title", ({ rule, refusal }) => {
  const error = catchError(() => register([rule!]));
  expect(error).toBeInstanceOf(RouteRuleError);
  expect((error as RouteRuleError).message).toMatch(refusal!);
});

test.for(collisionCases)("$id in a server: $title", ({ rules, collide }) => {
  const error = catchError(() => register(rules));
  expect(error instanceof RouteConflictError && error.operations).toEqual(
    collide && ["/test.v1.Test/Call0", "/test.v1.Test/Call1"],
  );
});

test("a rule that is refused leaves nothing behind", async () => {
  const server = createTestServer();
  const route = { operation: "/test.v1.Test/Call", input: R, output: R };
  const add = (body: string): void =>
    server.handle({ ...route, bindings: [{ method: "POST", path: "/v1", body }] }, () => ({}));
  expect(() => add("missing")).toThrow(RouteRuleError);
  await server.start(appInfo);
  expect((await send(server.port!, "POST /v1", "{}")).status).toBe(404);
});

function register(rules: readonly JsonObject[], bidi = false): void {
  const server = new HttpServer();
  for (const [index, rule] of rules.entries()) {
    const operation = `/test.v1.Test/Call${index}`;
    const bindings = toBindings(rule) as [HttpBinding, ...HttpBinding[]];
    const route = { operation, input: R, output: R, bindings };
    if (bidi) server.handle({ ...route, kind: "bidiStreaming" }, (requests) => requests);
    else server.handle(route, () => ({}));
  }
}

/** What generated code says of a rule. */
function toBindings(json: JsonObject): HttpBinding[] {
  const rule = fromJson(HttpRuleSchema, json);
  return [rule, ...rule.additionalBindings].flatMap(toBinding);
}

function toBinding({ pattern, body, responseBody }: HttpRule): HttpBinding[] {
  if (pattern.case === undefined) return [];
  const { kind, path } =
    pattern.case === "custom" ? pattern.value : { kind: pattern.case, path: pattern.value };
  return [
    {
      method: kind.toUpperCase(),
      path,
      ...(body !== "" && { body }),
      ...(responseBody !== "" && { responseBody }),
    },
  ];
}

function catchError(run: () => void): unknown {
  try {
    run();
    return undefined;
  } catch (error) {
    return error;
  }
}
