import { MemoryRegistry } from "@kratos-ts/runtime";
import { HttpClient, type HttpClientOptions } from "@kratos-ts/runtime/http";
import { once } from "node:events";
import { createServer, type ServerOptions } from "node:https";
import type { AddressInfo } from "node:net";
import type { TLSSocket } from "node:tls";
import { afterEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { createAuthority } from "../../transport/certificates.ts";
import { createClient, outcomeOf } from "./client-setup.ts";
import { RawServer, response } from "../raw-server.ts";

const authority = createAuthority();

/** A server that answers with the name of its caller's certificate. */
async function serve(options: ServerOptions = {}): Promise<string> {
  const server = createServer({ ...authority.issue("server"), ...options }, (request, reply) => {
    const { CN = "nobody" } = (request.socket as TLSSocket).getPeerCertificate()?.subject ?? {};
    reply.end(JSON.stringify({ id: String(CN) }));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test("a server of an authority of one's own is called", async () => {
  const address = await serve();
  const tls = { ca: authority.cert };
  for (const endpoint of [`https://${address}`, address, `direct:///${address}`]) {
    const client = createClient({ endpoint, tls });
    expect(await outcomeOf(client, "GET /x")).toMatchObject({ id: "nobody" }); // oxlint-disable-line no-await-in-loop -- one after the other
  }
});

test("both sides show certificates", async () => {
  const address = await serve({ requestCert: true, ca: authority.cert });
  const { cert, key } = authority.issue("caller");
  const options = { endpoint: `https://${address}` };
  const known = createClient({ ...options, tls: { ca: [authority.cert], cert, key } });
  expect(await outcomeOf(known, "GET /x")).toMatchObject({ id: "caller" });
  const unknown = createClient({ ...options, tls: { ca: authority.cert } });
  expect(await outcomeOf(unknown, "GET /x")).toMatchObject({ code: 503, reason: "UNREACHABLE" });
});

test.for<[what: string, tls: HttpClientOptions["tls"]]>([
  ["of an unknown authority", undefined],
  ["of another authority than ours", { ca: createAuthority().cert }],
  ["for another name", { ca: authority.cert, servername: "other.test" }],
])("a server with a certificate %s is not called", async ([, tls]) => {
  const client = createClient({ endpoint: `https://${await serve()}`, tls });
  expect(await outcomeOf(client, "POST /x body=*")).toMatchObject({
    code: 503,
    reason: "UNREACHABLE",
  });
});

test("with certificates, instances without TLS are not called", async () => {
  const registry = new MemoryRegistry();
  const plain = await RawServer.listen((socket) => void socket.write(response('{"id":"plain"}')));
  const endpoints = [`http://${plain.address}`, `https://${await serve()}`];
  const instance = { id: "a", name: "orders", version: "1", metadata: {}, endpoints };
  await registry.register(instance, new AbortController().signal);
  const options = { endpoint: "discovery:///orders", discovery: registry };
  const secure = createClient({ ...options, tls: { ca: authority.cert } });
  expect(await outcomeOf(secure, "GET /x")).toMatchObject({ id: "nobody" });
  expect(await outcomeOf(createClient(options), "GET /x")).toMatchObject({ id: "plain" });
});

test("a server that never says hello is given up for another one", async () => {
  const silent = await RawServer.listen(() => undefined);
  const endpoint = `direct:///${silent.address},${await serve()}`;
  const client = createClient({ endpoint, tls: { ca: authority.cert }, timeout: 20_000 });
  for (let i = 0; i < 4; i++) {
    const outcome = await outcomeOf(client, "POST /x body=*"); // oxlint-disable-line no-await-in-loop -- one after the other
    expect(outcome).toMatchObject({ id: "nobody" });
  }
});

test("a redirect from https to http is not followed", async () => {
  const other = await RawServer.listen((socket) => void socket.write(response()));
  const server = createServer(authority.issue("server"), (_, reply) => {
    reply.writeHead(302, { Location: `http://${other.address}/` }).end();
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  const options = { endpoint: `https://127.0.0.1:${port}`, tls: { ca: authority.cert } };
  expect(await outcomeOf(createClient(options), "GET /x")).toMatchObject({ code: 302 });
  expect(other.requests).toEqual([]);
});

describe("what only Node can do", () => {
  afterEach(() => void vi.unstubAllGlobals());

  test.for<[what: string, options: HttpClientOptions]>([
    ['the option "tls"', { endpoint: "https://a", tls: { ca: "" } }],
    ['the endpoint "unix:///a"', { endpoint: "unix:///a" }],
  ])("%s is refused elsewhere", ([what, options]) => {
    expect(() => new HttpClient({ ...options, fetch: globalThis.fetch })).toThrow(
      `${what} cannot be used with "fetch"`,
    );
    vi.stubGlobal("process", undefined);
    expect(() => new HttpClient(options)).toThrow(`${what} only works in Node`);
  });

  test("fetch is used where there is no Node", async () => {
    vi.stubGlobal("process", { env: {} });
    vi.stubGlobal("fetch", () => Promise.resolve(new Response('{"n":4}')));
    const client = new HttpClient({ endpoint: "http://a" });
    expect(await outcomeOf(client, "GET /x")).toMatchObject({ n: 4 });
  });
});
