import type { CallContext, CallOptions, HttpCaller } from "@kratos-ts/runtime";
import type { HttpRoute } from "@kratos-ts/runtime/codegenv1";
import {
  HttpClient,
  type HttpClientOptions,
  type ClientRetryOptions,
} from "@kratos-ts/runtime/http";
import type {
  Balancer,
  P2cBalancer,
  RandomBalancer,
  RoundRobinBalancer,
  ServiceNode,
  TrackedNode,
  versionFilter,
  WeightedRoundRobinBalancer,
} from "@kratos-ts/runtime/selector";
import { type Duration, DurationSchema, type Empty, EmptySchema } from "@bufbuild/protobuf/wkt";
import { expectTypeOf, test } from "vitest";

const route: HttpRoute<typeof DurationSchema, typeof EmptySchema> = {
  operation: "/t.v1.T/Call",
  input: DurationSchema,
  output: EmptySchema,
  bindings: [{ method: "GET", path: "/x" }],
};
const streaming: HttpRoute<typeof DurationSchema, typeof EmptySchema, "serverStreaming"> = {
  ...route,
  kind: "serverStreaming",
};
const client = new HttpClient({ endpoint: "http://127.0.0.1:1" });

test("a client is what generated code calls through", () => {
  expectTypeOf(client).toExtend<HttpCaller>();
});

test("a method takes a message or its fields and gives a promise of the reply", () => {
  const call = client.method(route);
  expectTypeOf(call).returns.resolves.toEqualTypeOf<Empty>();
  expectTypeOf(call).parameter(1).toEqualTypeOf<CallOptions | undefined>();
  expectTypeOf<{ seconds: bigint }>().toExtend<Parameters<typeof call>[0]>();
  expectTypeOf<Duration>().toExtend<Parameters<typeof call>[0]>();
  expectTypeOf<{ seconds: string }>().not.toExtend<Parameters<typeof call>[0]>();
});

test("a method that streams gives an iterable", () => {
  const call = client.method(streaming);
  expectTypeOf(call).returns.toEqualTypeOf<AsyncIterable<Empty>>();
});

test("options are what they are documented as", () => {
  expectTypeOf<HttpClientOptions["retry"]>().toEqualTypeOf<
    false | ClientRetryOptions | undefined
  >();
  expectTypeOf<Pick<HttpClientOptions, "endpoint">>().toEqualTypeOf<{
    readonly endpoint: string;
  }>();
  expectTypeOf<{ endpoint: string }>().toExtend<HttpClientOptions>();
  expectTypeOf<CallOptions["repeatable"]>().toEqualTypeOf<boolean | undefined>();
});

test("every balancer fits the option, those of users too", () => {
  expectTypeOf<P2cBalancer>().toExtend<HttpClientOptions["balancer"]>();
  expectTypeOf<RandomBalancer>().toExtend<HttpClientOptions["balancer"]>();
  expectTypeOf<RoundRobinBalancer>().toExtend<HttpClientOptions["balancer"]>();
  expectTypeOf<WeightedRoundRobinBalancer>().toExtend<HttpClientOptions["balancer"]>();
  interface Mine extends TrackedNode {
    readonly own: number;
  }
  expectTypeOf<Balancer<Mine>>().toExtend<HttpClientOptions["balancer"]>();
});

test("filters see nodes and the call", () => {
  expectTypeOf<typeof versionFilter>().returns.parameters.toEqualTypeOf<
    [readonly ServiceNode[], CallContext]
  >();
});
