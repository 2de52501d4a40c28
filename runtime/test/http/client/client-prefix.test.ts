import { MemoryRegistry } from "@kratos-ts/runtime";
import { HttpClient } from "@kratos-ts/runtime/http";
import { nodeOf } from "../../selector/nodes.ts";
import { NodePool } from "../../../src/selector/node-pool.ts";
import { RoundRobinBalancer } from "@kratos-ts/runtime/selector";
import { expect, test } from "vitest";
import { answering, createClient, outcomes, R, routeOf } from "./client-setup.ts";
import { appInfo, createTestServer, serveRules } from "../serve.ts";

const never = new AbortController().signal;

function registryOf(...endpoints: readonly string[]): Promise<MemoryRegistry> {
  const registry = new MemoryRegistry();
  const instance = { id: "1", name: "orders", version: "1", metadata: {}, endpoints };
  return registry.register(instance, never).then(() => registry);
}

test("instances that are found by discovery are called below the prefix", async () => {
  const port = await serveRules(["GET /x"], R, R, () => ({ n: 7 }) as never, { prefix: "/api/v1" });
  const discovery = await registryOf(`http://127.0.0.1:${port}`);
  const client = createClient({ endpoint: "discovery:///orders", discovery, prefix: "api/v1/" });
  expect(await outcomes(client, 1)).toEqual([7]);
});

test("streams are opened below the prefix", async () => {
  const server = createTestServer({ prefix: "/api" });
  const route = { ...routeOf("POST /x body=*"), kind: "bidiStreaming" } as const;
  server.handle<typeof R, typeof R, "bidiStreaming">(route, (requests) => requests);
  await server.start(appInfo);
  const client = createClient({ endpoint: `direct:///127.0.0.1:${server.port}`, prefix: "/api" });
  const sent = (async function* () {
    yield { n: 3 };
  })();
  const call = client.method<typeof R, typeof R, "bidiStreaming">(route);
  const got = [];
  for await (const reply of call(sent as never)) got.push(reply);
  expect(got).toMatchObject([{ n: 3 }]);
});

test.for<[what: string, path: string, prefix: string, want: string]>([
  ["a prefix", "", "/api", "/api/x"],
  ["the path of the endpoint", "/base/", "", "/base/x"],
  ["both, that of the endpoint first", "/base", "api/", "/base/api/x"],
  ["neither", "/", "/", "/x"],
  ["a prefix that needs escapes", "", "/%C3%BCber", "/%C3%BCber/x"],
])("in front of paths is %s", async ([, path, prefix, want]) => {
  const server = await answering(1);
  const discovery = await registryOf(`http://${server.address}${path}`);
  const clients = [
    createClient({ endpoint: `http://${server.address}${path}`, prefix }),
    createClient({ endpoint: "discovery:///orders", discovery, prefix }),
  ];
  for (const client of clients) await outcomes(client, 1); // oxlint-disable-line no-await-in-loop -- one after the other
  const paths = server.requests.map((request) => request.split(" ")[1]);
  expect(paths).toEqual([want, want]);
});

test("instances at one address are several when their paths differ", () => {
  const pool = new NodePool(new RoundRobinBalancer());
  pool.apply([nodeOf("a:1", { path: "/red" }), nodeOf("a:1", { path: "/blue" }), nodeOf("a:1")]);
  expect(pool.size).toBe(3);
});

test.for(["/a b", "/{id}", "/*", "/v1:read", "/a?b", "//a"])(
  "%j is refused as a prefix",
  (prefix) => {
    expect(() => new HttpClient({ endpoint: "orders:8000", prefix })).toThrow(
      `"${prefix}" is no prefix for paths, use plain steps, such as "/api/v1"`,
    );
  },
);
