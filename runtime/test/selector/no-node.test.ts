import { type Discovery, GrpcClient, HttpClient, MemoryRegistry } from "@kratos-ts/runtime";
import { versionFilter } from "@kratos-ts/runtime/selector";
import { expect, onTestFinished, test } from "vitest";
import { Echo } from "../grpc/echo-schema.ts";
import { type R, routeOf } from "../http/client/client-setup.ts";
import { instanceOf } from "./nodes.ts";

const never = new AbortController().signal;

interface Situation {
  readonly endpoint?: string;
  readonly endpoints?: readonly (readonly string[])[];
  readonly version?: string;
  readonly subset?: number;
  readonly tls?: object;
}

async function toOptions(situation: Situation) {
  const { endpoint = "discovery:///orders", endpoints = [], version, subset, tls } = situation;
  const discovery = new MemoryRegistry();
  for (const [index, urls] of endpoints.entries()) {
    await discovery.register(instanceOf(`i${index}`, urls), never); // oxlint-disable-line no-await-in-loop -- one after the other
  }
  return {
    endpoint,
    discovery,
    timeout: 20_000,
    ...(version !== undefined && { filters: [versionFilter(version)] }),
    ...(subset !== undefined && { subset }),
    ...(tls !== undefined && { tls }),
  };
}

function closing<C extends { close(): void }>(client: C): C {
  onTestFinished(() => client.close());
  return client;
}

const three = [["http://a:1"], ["http://b:1"], ["grpc://c:1", "http://c:2"]];

test.for<[why: string, situation: Situation]>([
  ["the registry has none", {}],
  ["1 instance, none with an endpoint for http or https", { endpoints: [["grpc://a:1"]] }],
  ["2 instances, none with an endpoint for http or https", { endpoints: [["ftp://a:1"], []] }],
  ["3 instances, none with an endpoint for https", { endpoints: three, tls: {} }],
  ["3 instances, all left out by filters", { endpoints: three, version: "2" }],
  [
    "3 instances, 2 of them used, all left out by filters",
    { endpoints: three, version: "2", subset: 2 },
  ],
  ["2 instances, all left out by filters", { endpoint: "direct:///a:1,b:1", version: "2" }],
])("a client over HTTP that finds nobody says %j", async ([why, situation]) => {
  const options = await toOptions(situation);
  const call = closing(new HttpClient(options)).method(routeOf("GET /x"))({} as never);
  await expect(call).rejects.toMatchObject({
    code: 503,
    reason: "NODE_NOT_FOUND",
    message: `no instance of "${options.endpoint}" can be called: ${why}`,
  });
});

test.for<[why: string, situation: Situation]>([
  ["the registry has none", {}],
  ["2 instances, none with an endpoint for grpc or grpcs", { endpoints: [["http://a:1"], []] }],
  ["1 instance, none with an endpoint for grpcs", { endpoints: [["grpc://a:1"]], tls: {} }],
  ["1 instance, all left out by filters", { endpoints: [["grpc://127.0.0.1:1"]], version: "2" }],
  ["1 instance, all left out by filters", { endpoint: "direct:///127.0.0.1:1", version: "2" }],
  ["getaddrinfo ENOTFOUND a..b", { endpoint: "dns:///a..b:1" }],
])("a client over gRPC that finds nobody says %j", async ([why, situation]) => {
  const options = await toOptions(situation);
  await expect(closing(new GrpcClient(options)).method(Echo)({})).rejects.toMatchObject({
    code: 503,
    reason: "NODE_NOT_FOUND",
    message: `no instance of "${options.endpoint}" can be called: ${why}`,
  });
});

test("a client that is closed before its registry answers says that nothing is known", async () => {
  let asked = (): void => undefined;
  const watched = new Promise<void>((resolve) => (asked = resolve));
  const silent: Discovery = {
    getService: () => Promise.resolve([]),
    async *watch(_, signal) {
      asked();
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
      yield [];
    },
  };
  const client = new HttpClient({ endpoint: "discovery:///orders", discovery: silent, timeout: 0 });
  const call = client.method<typeof R, typeof R>(routeOf("GET /x"))({} as never);
  await watched;
  client.close();
  await expect(call).rejects.toMatchObject({
    message: 'no instance of "discovery:///orders" can be called: the registry has not answered',
  });
});
