import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect as connectHttp2 } from "node:http2";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect as connectTls } from "node:tls";
import { once } from "node:events";
import { Client, credentials } from "@grpc/grpc-js";
import { GrpcServer, type GrpcServerOptions, isGrpcServerContext } from "@kratos-ts/runtime/grpc";
import { silentLogger } from "@kratos-ts/runtime/log";
import { describe, expect, onTestFinished, test } from "vitest";
import { createAuthority, type TestCertificate } from "../transport/certificates.ts";
import { Echo } from "./echo-schema.ts";
import { echoDefinition, type ReplyInit } from "./grpc-js-echo.ts";
import { app, startServer } from "./kratos-peer.ts";

const authority = createAuthority();
const serverPair = authority.issue("server");
const clientPair = authority.issue("client");

async function serve(options: GrpcServerOptions): Promise<{ server: GrpcServer; address: string }> {
  return startServer((router) => {
    router.handle(Echo, ({ text }, context) => {
      if (!isGrpcServerContext(context)) throw new Error("not a call of gRPC");
      const { encrypted, localAddress } = context.connection;
      const subject = context.connection.peerCertificate()?.subject.CN ?? "nobody";
      return { text: `${text} ${subject} ${encrypted} ${localAddress === "" ? "?" : "here"}` };
    });
  }, options);
}

/** Calls through grpc-js, with a client's certificate if given. */
async function call(address: string, own?: TestCertificate): Promise<ReplyInit> {
  const client = new Client(
    address,
    credentials.createSsl(
      Buffer.from(authority.cert),
      own && Buffer.from(own.key),
      own && Buffer.from(own.cert),
    ),
  );
  onTestFinished(() => client.close());
  const { path, requestSerialize, responseDeserialize } = echoDefinition.Echo;
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest(
      path,
      requestSerialize,
      responseDeserialize,
      { text: "hello" },
      (error, reply) => (error === null ? resolve(reply!) : reject(error)),
    );
  });
}

/** The certificate that new connections are shown. */
async function shownSubject(port: number): Promise<string> {
  const socket = connectTls({ port, ca: authority.cert, ALPNProtocols: ["h2"] });
  await once(socket, "secureConnect");
  const { CN } = socket.getPeerCertificate().subject;
  socket.destroy();
  return String(CN);
}

test("serves over TLS, and says so in its endpoint", async () => {
  const { server, address } = await serve({ tls: serverPair });
  expect((await server.endpoint()).protocol).toBe("grpcs:");
  expect(await call(address)).toMatchObject({ text: "hello nobody true here" });
});

test("in clear text nothing is encrypted, and nobody has shown a certificate", async () => {
  const { address } = await serve({});
  const client = new Client(address, credentials.createInsecure());
  onTestFinished(() => client.close());
  const { path, requestSerialize, responseDeserialize } = echoDefinition.Echo;
  const reply = await new Promise((resolve, reject) => {
    client.makeUnaryRequest(path, requestSerialize, responseDeserialize, {}, (error, value) => {
      if (error === null) resolve(value);
      else reject(error);
    });
  });
  expect(reply).toMatchObject({ text: " nobody false here" });
});

describe("mutual TLS", () => {
  const tls = { ...serverPair, ca: authority.cert };

  test("tells handlers who calls", async () => {
    const { address } = await serve({ tls });
    expect(await call(address, clientPair)).toMatchObject({ text: "hello client true here" });
  });

  test("lets nobody in without a certificate, or with one of a stranger", async () => {
    const { address } = await serve({ tls });
    await expect(call(address)).rejects.toMatchObject({ code: 14 });
    const stranger = createAuthority("stranger").issue("client");
    await expect(call(address, stranger)).rejects.toMatchObject({ code: 14 });
    expect(await call(address, clientPair)).toMatchObject({ text: "hello client true here" });
  });
});

test.for([[["http/1.1"]], [undefined]])(
  "refuses clients that ask for %s by ALPN",
  async ([ALPNProtocols]) => {
    const { server } = await serve({ tls: serverPair });
    const socket = connectTls({ port: server.port!, ca: authority.cert, ALPNProtocols });
    const ended = new Promise((resolve) => socket.once("close", resolve));
    socket.on("error", () => undefined);
    socket.resume();
    await ended;
    expect(socket.alpnProtocol === "h2").toBe(false);
  },
);

test("a certificate that is renewed is shown to new connections, and old ones go on", async () => {
  const folder = await mkdtemp(join(tmpdir(), "grpc-tls-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const [certFile, keyFile] = [join(folder, "cert.pem"), join(folder, "key.pem")];
  const write = ({ cert, key }: TestCertificate): Promise<unknown> =>
    Promise.all([writeFile(certFile, cert), writeFile(keyFile, key)]);
  await write(serverPair);
  const { server } = await serve({ tls: { certFile, keyFile, reload: 20 } });
  const session = connectHttp2(`https://localhost:${server.port}`, { ca: authority.cert });
  onTestFinished(() => session.destroy());
  await once(session, "connect");
  await write(authority.issue("renewed"));
  await expect.poll(() => shownSubject(server.port!)).toBe("renewed");
  const alive = new Promise((resolve) => session.ping((error) => resolve(error)));
  expect(await alive).toBeNull();
});

test("does not start with a certificate that cannot be read, and names the file", async () => {
  const tls = { certFile: "/nowhere/cert.pem", key: serverPair.key };
  const server = new GrpcServer({ addr: "127.0.0.1:0", tls, logger: silentLogger });
  onTestFinished(() => server.stop(AbortSignal.abort()));
  await expect(server.start(app)).rejects.toThrow("/nowhere/cert.pem");
});

test("a stop at once ends connections whose hand-shake is not done", async () => {
  const { server } = await serve({ tls: serverPair });
  const socket = connect(server.port!, "127.0.0.1");
  await once(socket, "connect");
  socket.resume();
  await server.stop(AbortSignal.abort());
  if (!socket.closed) await once(socket, "close");
  expect(socket.destroyed).toBe(true);
});
