import { isHttpServerContext, requestOrigin, type TrustProxy } from "@kratos-ts/runtime/http";
import { mkdtemp, rm } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { parseForwarded, parseXForwarded } from "../../../src/transport/http/filter/forwarded.ts";
import { buildSchema } from "../schema.ts";
import { appInfo, createTestServer, parseResponse, sendRaw, serveRules } from "../serve.ts";

const R = buildSchema()("test.v1.R");

/** `lines` are headers as they go over the wire. */
async function ask(
  trustProxy: TrustProxy | undefined,
  headers: Readonly<Record<string, string>>,
  lines = "",
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
    { trustProxy, maxHeaderBytes: 64 * 1024 },
  );
  const fields = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  const head = `GET /v1 HTTP/1.1\r\nHost: test\r\nConnection: close\r\n`;
  await sendRaw(port, `${head}${fields.join("")}${lines}\r\n`);
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
  // The client's own words end where those of trusted proxies do.
  [["loopback"], "127.0.0.1, 6.6.6.6, 1.1.1.1", "1.1.1.1"],
  [["loopback"], `${"127.0.0.1,".repeat(2000)} 1.1.1.1`, "1.1.1.1"],
  [["loopback"], "6.6.6.6,", "socket"],
  [["loopback"], ",, 1.1.1.1", "1.1.1.1"],
  [["loopback", "private"], "6.6.6.6, unknown, 10.0.0.1", "10.0.0.1"],
  // One address has one spelling.
  [["loopback"], "::ffff:1.1.1.1", "1.1.1.1"],
  [["loopback"], "0:0:0:0:0:FFFF:101:101", "1.1.1.1"],
  [["loopback"], "2001:DB8:0::01", "2001:db8::1"],
  [["loopback"], "fe80::1%eth0", "fe80::1"],
  [["loopback"], "[fe80::1%25en0]:80", "fe80::1"],
  [["loopback", "10.0.0.0/8"], "6.6.6.6, ::ffff:10.0.0.1", "6.6.6.6"],
  [["loopback", "fe80::/10"], "6.6.6.6, fe80::1%eth0", "6.6.6.6"],
  [["loopback"], "1.1.1.1:99", "1.1.1.1"],
  [["loopback"], "01.1.1.1", "socket"],
  [["loopback"], "0x1.1.1.1", "socket"],
  [["loopback"], "1.1.1.1/8", "socket"],
  [["loopback"], "[1.1.1.1]", "socket"],
  [["loopback"], '"1.1.1.1"', "socket"],
  [["loopback"], "unix:", "socket"],
  [(address) => address === "127.0.0.1", "9.9.9.9, 1.1.1.1", "1.1.1.1"],
  [{ proxies: 1, header: "forwarded" }, "1.1.1.1", "socket"],
])("with %o trusted, %j comes from %s", async ([trust, header, peer]) => {
  expect((await ask(trust, forwardedFor(header))).peer).toBe(peer);
});

test.for<[trust: TrustProxy, lines: string, peer: string]>([
  [1, "X-Forwarded-For: 6.6.6.6\r\nX-Forwarded-For: 1.1.1.1\r\n", "1.1.1.1"],
  [2, "X-Forwarded-For: 6.6.6.6\r\nx-forwarded-for: 1.1.1.1, 2.2.2.2\r\n", "1.1.1.1"],
  [
    { proxies: 1, header: "forwarded" },
    "Forwarded: for=6.6.6.6\r\nForwarded: for=1.1.1.1\r\n",
    "1.1.1.1",
  ],
])("of a header that is repeated, with %o trusted, the last is the nearest: %j", async (row) => {
  const [trust, lines, peer] = row;
  expect((await ask(trust, {}, lines)).peer).toBe(peer);
});

test.for<[trust: TrustProxy, peer: string]>([
  [["loopback"], "1.1.1.1"],
  [["127.0.0.1"], ""],
  [1, "1.1.1.1"],
])("over a Unix socket, %o trusted, the client is %j", async ([trust, peer]) => {
  const folder = await mkdtemp(join(tmpdir(), "trust-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const path = join(folder, "s.sock");
  const server = createTestServer({ network: "unix", addr: path, trustProxy: trust });
  server.route("GET", "/", (_request, context) => ({ body: context.peer }));
  await server.start(appInfo);
  const socket = connect(path);
  const head = "GET / HTTP/1.1\r\nHost: t\r\nConnection: close\r\nX-Forwarded-For: 1.1.1.1\r\n\r\n";
  socket.write(head);
  let text = "";
  for await (const chunk of socket) text += String(chunk);
  expect(parseResponse(text).body).toBe(peer);
});

test.for<[trust: TrustProxy | undefined, headers: Record<string, string>, origin: string]>([
  [undefined, { "X-Forwarded-Proto": "https", "X-Forwarded-Host": "a.example" }, "http://test"],
  [1, { "X-Forwarded-Proto": "https", "X-Forwarded-Host": "a.example" }, "https://a.example"],
  [1, { "X-Forwarded-Proto": "https" }, "https://test"],
  [1, { "X-Forwarded-Proto": "javascript", "X-Forwarded-Host": "a/../b" }, "http://test"],
  [1, { "X-Forwarded-Host": "evil.example, a.example" }, "http://a.example"],
  [1, { "X-Forwarded-Proto": "https, http" }, "http://test"],
  [1, { "X-Forwarded-Proto": "https," }, "http://test"],
  [1, { "X-Forwarded-Proto": "WSS" }, "https://test"],
  [1, { "X-Forwarded-Proto": "constructor" }, "http://test"],
  [1, { "X-Forwarded-Host": "[::1]:8080" }, "http://[::1]:8080"],
  [1, { "X-Forwarded-Host": "[::g]" }, "http://test"],
  [1, { "X-Forwarded-Host": "a:b:c" }, "http://test"],
  [1, { "X-Forwarded-Host": "u@a.example" }, "http://test"],
  [
    ["loopback"],
    { "X-Forwarded-For": "6.6.6.6, 1.1.1.1", "X-Forwarded-Proto": "https, http" },
    "http://test",
  ],
  [
    { proxies: 1, header: "forwarded" },
    { Forwarded: 'for="[2001:db8::1]:1";proto=https;host="a.example:8443"' },
    "https://a.example:8443",
  ],
  [{ proxies: 1, header: "forwarded" }, { "X-Forwarded-Proto": "https" }, "http://test"],
])("with %o trusted, %o was sent to %s", async ([trust, headers, origin]) => {
  expect((await ask(trust, headers)).origin).toBe(origin);
});

test.for([-1, 1.5, Number.NaN])("%d is no number of proxies", async (count) => {
  await expect(ask(count, {})).rejects.toThrow("is no number of proxies");
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
    ['for="[::1]:80";host="a, b"', [{ address: "::1" }]],
    ["for=_hidden;by=x", [{ address: "_hidden" }]],
    ["for=1.1.1.1:80", [{ address: "1.1.1.1" }]],
    ['for="1.1.1.1:_port"', [{ address: "1.1.1.1" }]],
    ['for="unknown:_x"', [{ address: "unknown" }]],
    ["proto=https", [{ address: "", protocol: "https" }]],
    [" , for=1.1.1.1 ; proto=https;, ;", [{ address: "1.1.1.1", protocol: "https" }]],
    ['for="1.1\\.1.1"', [{ address: "1.1.1.1" }]],
    ["for=6.6.6.6, what, for=1.1.1.1", [{ address: "1.1.1.1" }]],
    ["for=1.1.1.1, what", []],
    ["for", []],
    ["for=", []],
    ["for = 1.1.1.1", []],
    ["for=1.1.1.1;for=2.2.2.2", []],
    ['for="1.1.1.1"x', []],
    ['for=x"1.1.1.1"', []],
    ['for="unclosed', []],
    ["", []],
  ])("Forwarded: %s", ([forwarded, hops]) => {
    expect(parseForwarded({ forwarded })).toEqual(hops);
  });
});

test.for<[forwarded: string, peer: string]>([
  ['for=6.6.6.6;x=", for=1.1.1.1', "1.1.1.1"],
  ['for=6.6.6.6;x=", for="[2001:db8::1]:4711"', "2001:db8::1"],
  ['for=6.6.6.6;x="\\, for="[2001:db8::1]"', "2001:db8::1"],
  ['for=6.6.6.6, for=1.1.1.1;host="a, for=7.7.7.7"', "1.1.1.1"],
  ['for=6.6.6.6, for=1.1.1.1;x="a, for=7.7.7.7;y=\\"b"', "1.1.1.1"],
])("nothing that a client puts in front makes somebody else of it: %s", async ([text, peer]) => {
  const answer = await ask({ proxies: 1, header: "forwarded" }, { Forwarded: text });
  expect(answer.peer).toBe(peer);
});

test.for([
  '"'.repeat(100_001),
  `"${"\\".repeat(100_000)}`,
  ",".repeat(100_000),
  ";".repeat(100_000),
  `a=b${" ".repeat(100_000)}x`,
  `a="${",b=c".repeat(25_000)}`,
])("a header of 100 kB hides nobody who writes behind it", (text) => {
  const header = `${text}, for=1.1.1.1`;
  expect(parseForwarded({ forwarded: header }).at(-1)).toEqual({ address: "1.1.1.1" });
  const list = { "x-forwarded-for": `${text}, 1.1.1.1`, "x-forwarded-host": text };
  expect(parseXForwarded(list).at(-1)?.address).toBe("1.1.1.1");
});
