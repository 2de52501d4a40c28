import { isHttpServerContext, requestOrigin, type TrustProxy } from "@kratos-ts/runtime/http";
import { describe, expect, test } from "vitest";
import { parseForwarded, parseXForwarded } from "../../../src/transport/http/filter/forwarded.ts";
import { buildSchema } from "../schema.ts";
import { send, serveRules } from "../serve.ts";

const R = buildSchema()("test.v1.R");

async function ask(
  trustProxy: TrustProxy | undefined,
  headers: Readonly<Record<string, string>>,
): Promise<{ peer: string; origin: string }> {
  let peer = "";
  let origin = "";
  const port = await serveRules(
    ["GET /v1"],
    R,
    R,
    (_request, context) => {
      peer = context.peer;
      if (isHttpServerContext(context)) origin = requestOrigin(context.request);
      return {};
    },
    { trustProxy },
  );
  await send(port, "GET /v1", undefined, headers);
  return { peer: peer.replace(/^127\.0\.0\.1:\d+$/, "socket"), origin };
}

const forwardedFor = (value: string) => ({ "X-Forwarded-For": value });

test.for<[trust: TrustProxy | undefined, header: string, peer: string]>([
  [undefined, "1.1.1.1", "socket"],
  [0, "1.1.1.1", "socket"],
  [1, "1.1.1.1", "1.1.1.1"],
  [1, "9.9.9.9, 1.1.1.1", "1.1.1.1"],
  [2, "9.9.9.9, 1.1.1.1", "9.9.9.9"],
  [5, "9.9.9.9, 1.1.1.1", "9.9.9.9"],
  [["loopback"], "9.9.9.9, 1.1.1.1", "1.1.1.1"],
  [["loopback", "1.1.0.0/16"], "9.9.9.9, 1.1.1.1", "9.9.9.9"],
  [["127.0.0.1"], "9.9.9.9, 10.0.0.1", "10.0.0.1"],
  [["127.0.0.1", "private"], "9.9.9.9, 10.0.0.1", "9.9.9.9"],
  [["10.0.0.0/8"], "1.1.1.1", "socket"],
  [["loopback"], "2001:db8::1", "2001:db8::1"],
  [["loopback"], "[2001:db8::1]:443", "2001:db8::1"],
  [["loopback"], "1.1.1.1:5000", "1.1.1.1"],
  [["loopback"], "unknown", "socket"],
  [["loopback"], "", "socket"],
  [(address) => address === "127.0.0.1", "9.9.9.9, 1.1.1.1", "1.1.1.1"],
  [{ proxies: 1, header: "forwarded" }, "1.1.1.1", "socket"],
])("with %o trusted, %j comes from %s", async ([trust, header, peer]) => {
  expect((await ask(trust, forwardedFor(header))).peer).toBe(peer);
});

test.for<[trust: TrustProxy | undefined, headers: Record<string, string>, origin: string]>([
  [undefined, { "X-Forwarded-Proto": "https", "X-Forwarded-Host": "a.example" }, "http://test"],
  [1, { "X-Forwarded-Proto": "https", "X-Forwarded-Host": "a.example" }, "https://a.example"],
  [1, { "X-Forwarded-Proto": "https" }, "https://test"],
  [1, { "X-Forwarded-Proto": "javascript", "X-Forwarded-Host": "a/../b" }, "http://test"],
  [1, { "X-Forwarded-Host": "evil.example, a.example" }, "http://a.example"],
  [
    { proxies: 1, header: "forwarded" },
    { Forwarded: 'for="[2001:db8::1]:1";proto=https;host="a.example:8443"' },
    "https://a.example:8443",
  ],
  [{ proxies: 1, header: "forwarded" }, { "X-Forwarded-Proto": "https" }, "http://test"],
])("with %o trusted, %o was sent to %s", async ([trust, headers, origin]) => {
  expect((await ask(trust, headers)).origin).toBe(origin);
});

test.for(["10.0.0.0/33", "10.0.0.0/", "example.com", "::1/129", "10.0.0.0/x"])(
  "%j is refused",
  async (proxy) => {
    await expect(ask([proxy], {})).rejects.toThrow("is no address of proxies");
  },
);

describe("reading", () => {
  test("X-Forwarded-For keeps its order, lists end together", () => {
    const headers = { "x-forwarded-for": "1.1.1.1, 2.2.2.2", "x-forwarded-proto": "https" };
    expect(parseXForwarded(headers)).toEqual([
      { address: "1.1.1.1" },
      { address: "2.2.2.2", protocol: "https" },
    ]);
  });

  test("a flood of addresses is cut at the proxies that are nearest", () => {
    const addresses = Array.from(
      { length: 1000 },
      (_, index) => `10.0.${index >> 8}.${index & 255}`,
    );
    const hops = parseXForwarded({ "x-forwarded-for": addresses.join(",") });
    expect(hops).toHaveLength(32);
    expect(hops.at(-1)?.address).toBe(addresses.at(-1));
  });

  test.for<[forwarded: string, hops: object[]]>([
    [
      "for=1.1.1.1, For=2.2.2.2;PROTO=HTTP",
      [{ address: "1.1.1.1" }, { address: "2.2.2.2", protocol: "http" }],
    ],
    ['for="[::1]:80";host="a,b"', [{ address: "::1" }]],
    ["for=_hidden;by=x", [{ address: "_hidden" }]],
    ['for="unclosed', []],
    ["", []],
  ])("Forwarded: %s", ([forwarded, hops]) => {
    expect(parseForwarded({ forwarded })).toEqual(hops);
  });
});

test.for(['for=6.6.6.6;x=", for=1.1.1.1', 'for=6.6.6.6;x=", for="[2001:db8::1]:4711"'])(
  "a quote that a client left open makes nobody else of it: %s",
  async (forwarded) => {
    const { peer } = await ask({ proxies: 1, header: "forwarded" }, { Forwarded: forwarded });
    expect(peer).toBe("socket");
  },
);
