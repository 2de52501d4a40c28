import { fromJson, type JsonValue, toJson } from "@bufbuild/protobuf";
import { HttpServer, type HttpServerOptions } from "@kratos-ts/runtime/http";
import { silentLogger } from "@kratos-ts/runtime/log";
import { afterAll, describe, expect, test } from "vitest";
import { buildSchema } from "../schema.ts";
import { appInfo, parseRule, send } from "../serve.ts";
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
    const { port, calls } = await serve(wanted);
    calls.length = 0;
    const { request, body, headers, status = 200 } = wanted;

    const response = await send(port, request, body, headers);

    const seen = { ...calls[0], status: response.status, allow: response.headers.get("allow") };
    expect(seen).toMatchObject(toExpected(wanted));
    expect(calls).toHaveLength(status === 200 ? 1 : 0);
    expect(status < 400 ? noError : JSON.parse(response.body)).toEqual(toError(wanted));
    expect(Object.keys(Object.prototype)).toEqual([]);
  });
});

interface Served {
  readonly port: number;
  /** Of the last request. */
  readonly calls: { readonly route: string; readonly message: JsonValue }[];
  readonly server: HttpServer;
}

/** Servers that stay for the next case with the same rules. */
const served = new Map<string, Promise<Served>>();
afterAll(async () => {
  for (const { server } of await Promise.all(served.values())) {
    await server.stop(AbortSignal.abort()); // oxlint-disable-line no-await-in-loop -- takes no time
  }
});

function serve({ rules, options = {} }: RequestCase): Promise<Served> {
  const key = `${rules} ${JSON.stringify(options)}`;
  const present = served.get(key) ?? start(rules.split(", "), options);
  served.set(key, present);
  return present;
}

async function start(rules: readonly string[], options: HttpServerOptions): Promise<Served> {
  const server = new HttpServer({ addr: "127.0.0.1:0", logger: silentLogger, ...options });
  const calls: Served["calls"] = [];
  for (const route of rules) {
    const operation = `/test.v1.Test/${route}`;
    server.handle({ operation, input: R, output: R, bindings: [parseRule(route)] }, (request) => {
      calls.push({ route, message: toJson(R, request) });
      return {};
    });
  }
  await server.start(appInfo);
  return { port: server.port!, calls, server };
}

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
