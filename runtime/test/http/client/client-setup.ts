import type { DescMessage } from "@bufbuild/protobuf";
import { isKratosError, KratosError } from "@kratos-ts/runtime";
import { HttpClient, type HttpClientOptions } from "@kratos-ts/runtime/http";
import { onTestFinished } from "vitest";
import type { CallOptions, HttpRoute, Idempotency } from "../../../src/transport/method.ts";
import { buildSchema } from "../schema.ts";
import { RawServer, response } from "../raw-server.ts";
import { parseRule } from "../serve.ts";

export const R = buildSchema()("test.v1.R");

export function routeOf(
  rule: string,
  idempotency?: Idempotency,
): HttpRoute<DescMessage, DescMessage> {
  const route = {
    operation: "/test.v1.Test/Call",
    input: R,
    output: R,
    bindings: [parseRule(rule)],
  };
  return { ...route, bindings: [parseRule(rule)], ...(idempotency && { idempotency }) };
}

/** A client of one test, patient by default; it closes when the test has finished. */
export function createClient(options: HttpClientOptions): HttpClient {
  const client = new HttpClient({ timeout: 20_000, ...options });
  onTestFinished(() => client.close());
  return client;
}

/** Makes one call and returns its reply, or the error that it failed with. */
export async function outcomeOf(
  client: HttpClient,
  rule: string,
  options: CallOptions & { readonly idempotency?: Idempotency } = {},
): Promise<KratosError | { readonly id: string; readonly n: number }> {
  try {
    return (await client.method(routeOf(rule, options.idempotency))({} as never, options)) as never;
  } catch (error) {
    if (isKratosError(error)) return error;
    throw error;
  }
}

/** A server that answers each request with this number. */
export function answering(n: number): Promise<RawServer> {
  return RawServer.listen((socket) => void socket.write(response(`{"n":${n}}`)));
}

/** Makes calls one after the other, and returns the number of each reply or the reason of each error. */
export async function outcomes(
  client: HttpClient,
  count: number,
  rule = "GET /x",
): Promise<unknown[]> {
  const all: unknown[] = [];
  for (let i = 0; i < count; i++) {
    const outcome = await outcomeOf(client, rule); // oxlint-disable-line no-await-in-loop -- one after the other
    all.push(outcome instanceof KratosError ? outcome.reason : outcome.n);
  }
  return all;
}
