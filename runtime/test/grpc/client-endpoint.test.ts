import { expect, test } from "vitest";
import { parseClientEndpoint } from "../../src/transport/grpc/client/client-endpoint.ts";

test.for([
  ["localhost:9000", { host: "localhost", port: 9000 }, "localhost:9000", false],
  ["10.0.0.7:1", { host: "10.0.0.7", port: 1 }, "10.0.0.7:1", false],
  ["grpc://svc.ns:9000", { host: "svc.ns", port: 9000 }, "svc.ns:9000", false],
  ["grpc://svc:9000/", { host: "svc", port: 9000 }, "svc:9000", false],
  ["grpcs://svc:9000", { host: "svc", port: 9000 }, "svc:9000", true],
  ["GRPCS://svc:9000", { host: "svc", port: 9000 }, "svc:9000", true],
  ["[::1]:9000", { host: "::1", port: 9000 }, "[::1]:9000", false],
  ["unix:///run/a.sock", { path: "/run/a.sock" }, "localhost", false],
] as const)("reads %s as one server", ([endpoint, address, authority, secure]) => {
  expect(parseClientEndpoint(endpoint)).toEqual({
    kind: "server",
    secure,
    server: { address, authority },
  });
});

test.for([
  ["direct:///a:1, b:2,[::1]:3", { kind: "direct", addresses: ["a:1", "b:2", "[::1]:3"] }],
  ["direct:///a:1", { kind: "direct", addresses: ["a:1"] }],
  ["dns:///svc:9000", { kind: "dns", host: "svc", port: 9000 }],
  ["dns://8.8.8.8/svc:9000", { kind: "dns", host: "svc", port: 9000 }],
  ["discovery:///orders", { kind: "discovery", serviceName: "orders" }],
  ["discovery:///shop/orders", { kind: "discovery", serviceName: "shop/orders" }],
] as const)("reads %s as several servers", ([endpoint, read]) => {
  expect(parseClientEndpoint(endpoint)).toEqual(read);
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
  "discovery://",
  "discovery:///",
  "direct:///",
  "direct:///a:1,",
  "dns:///svc",
  "unix://",
  "unix://run/a.sock",
  "user@host:1",
  "grpc://host:1/path",
])('refuses "%s"', (endpoint) => {
  expect(() => parseClientEndpoint(endpoint)).toThrow(`cannot call "${endpoint}"`);
});
