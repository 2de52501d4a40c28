import { createServer as createTlsServer } from "node:tls";
import type { GrpcServerOptions } from "@kratos-ts/runtime/grpc";
import { isGrpcServerContext } from "@kratos-ts/runtime/grpc";
import { describe, expect, onTestFinished, test } from "vitest";
import { createAuthority } from "../transport/certificates.ts";
import { Echo } from "./echo-schema.ts";
import { createClient, startServer } from "./kratos-peer.ts";
import { listen } from "./raw-server.ts";

const authority = createAuthority();
const pair = authority.issue("server");
const own = authority.issue("client");

async function serve(options: GrpcServerOptions = { tls: pair }): Promise<string> {
  const { address } = await startServer((server) => {
    server.handle(Echo, (_, context) => {
      if (!isGrpcServerContext(context)) throw new Error("not a call of gRPC");
      const subject = context.connection.peerCertificate()?.subject.CN ?? "nobody";
      return { text: `${subject}` };
    });
  }, options);
  return address;
}

describe("over TLS", () => {
  test.for(["grpcs://", "", "grpc://", "direct:///"])(
    "servers are called as %s",
    async (scheme) => {
      const client = createClient(scheme + (await serve()), { tls: { ca: authority.cert } });
      expect(await client.method(Echo)({})).toMatchObject({ text: "nobody" });
    },
  );

  test("a client shows the certificate that a server asks for", async () => {
    const address = await serve({ tls: { ...pair, ca: authority.cert } });
    const client = createClient(address, { tls: { ca: authority.cert, ...own } });
    expect(await client.method(Echo)({})).toMatchObject({ text: "client" });
  });

  test("a client without the certificate that a server asks for is refused", async () => {
    const address = await serve({ tls: { ...pair, ca: authority.cert } });
    const client = createClient(address, { tls: { ca: authority.cert } });
    await expect(client.method(Echo)({})).rejects.toMatchObject({ code: 503 });
  });

  test("servers of another authority are refused", async () => {
    const client = createClient(`grpcs://${await serve()}`);
    await expect(client.method(Echo)({})).rejects.toMatchObject({
      code: 503,
      message: expect.stringMatching(/unable to verify|self.signed|local issuer/),
    });
  });

  test("servers of another name are refused", async () => {
    const tls = { ca: authority.cert, servername: "other.example" };
    const client = createClient(await serve(), { tls });
    await expect(client.method(Echo)({})).rejects.toMatchObject({
      code: 503,
      message: expect.stringContaining("other.example"),
    });
  });

  test("servers are called by an address and known by their name", async () => {
    const tls = { ca: authority.cert, servername: "localhost" };
    expect(await createClient(await serve(), { tls }).method(Echo)({})).toMatchObject({
      text: "nobody",
    });
  });

  test("servers that speak no HTTP/2 are refused", async () => {
    const server = createTlsServer({ ...pair, ALPNProtocols: ["http/1.1"] }, (s) => s.resume());
    server.on("tlsClientError", () => undefined);
    onTestFinished(() => void server.close());
    const address = await listen(server);
    const client = createClient(address, { tls: { ca: authority.cert } });
    await expect(client.method(Echo)({})).rejects.toMatchObject({ code: 503 });
  });

  test("servers in clear text are refused", async () => {
    const { address } = await startServer((server) => server.handle(Echo, () => ({})));
    const client = createClient(address, { tls: { ca: authority.cert } });
    await expect(client.method(Echo)({})).rejects.toMatchObject({ code: 503 });
  });
});

test("certificates that are none are refused when the client is made", () => {
  expect(() => createClient("a:1", { tls: { cert: "nonsense", key: "nonsense" } })).toThrow(/PEM/);
});
