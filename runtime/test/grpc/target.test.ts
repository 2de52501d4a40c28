import { expect, test } from "vitest";
import { parseTarget } from "../../src/transport/grpc/client/target.ts";

function summary(endpoint: string): unknown[] {
  return parseTarget(endpoint).map(({ address, authority }) => [address, authority]);
}

test.for([
  ["localhost:9000", { host: "localhost", port: 9000 }, "localhost:9000"],
  ["10.0.0.7:1", { host: "10.0.0.7", port: 1 }, "10.0.0.7:1"],
  ["grpc://svc.ns:9000", { host: "svc.ns", port: 9000 }, "svc.ns:9000"],
  ["grpc://svc:9000/", { host: "svc", port: 9000 }, "svc:9000"],
  ["dns:///svc:9000", { host: "svc", port: 9000 }, "svc:9000"],
  ["[::1]:9000", { host: "::1", port: 9000 }, "[::1]:9000"],
  ["unix:///run/a.sock", { path: "/run/a.sock" }, "localhost"],
] as const)("reads %s", ([endpoint, address, authority]) => {
  expect(summary(endpoint)).toEqual([[address, authority]]);
});

test("reads several addresses", () => {
  expect(summary("direct:///a:1, b:2,[::1]:3")).toEqual([
    [{ host: "a", port: 1 }, "a:1"],
    [{ host: "b", port: 2 }, "b:2"],
    [{ host: "::1", port: 3 }, "[::1]:3"],
  ]);
});

test.for([
  "",
  "localhost",
  "localhost:",
  "localhost:0",
  "localhost:65536",
  ":9000",
  "::1:9000",
  "http://localhost:9000",
  "discovery:///svc",
  "direct:///",
  "direct:///a:1,",
  "unix://",
  "user@host:1",
  "grpc://host:1/path",
])('refuses "%s"', (endpoint) => {
  expect(() => parseTarget(endpoint)).toThrow(`cannot call "${endpoint}"`);
});

test("says that TLS is what is missing", () => {
  expect(() => parseTarget("grpcs://a:1")).toThrow(/TLS is not supported/);
});
