import { HttpServer } from "@kratos-ts/runtime/http";
import { createLogger, silentLogger } from "@kratos-ts/runtime/log";
import { KratosError } from "@kratos-ts/runtime";
import { generateKeyPairSync } from "node:crypto";
import { mkdtemp, rename, rm, symlink, writeFile, mkdir } from "node:fs/promises";
import { request as requestHttps } from "node:https";
import { connect as connectSocket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect as connectTls } from "node:tls";
import { expect, onTestFinished, test } from "vitest";
import { createAuthority, type TestCertificate } from "../../transport/certificates.ts";
import { buildSchema } from "../schema.ts";
import { appInfo, parseRule, serveRules } from "../serve.ts";

const R = buildSchema()("test.v1.R");
const authority = createAuthority();

interface Answer {
  readonly status: number;
  readonly body: string;
  readonly subject: string;
}

/** GET over a connection of its own. */
function get(port: number, path: string, options: Partial<TestCertificate> = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const tls = { ca: authority.cert, agent: false as const, ...options };
    const request = requestHttps({ port, host: "127.0.0.1", path, ...tls }, (response) => {
      const { subject } = (
        response.socket as ReturnType<typeof connectTls>
      ).getPeerX509Certificate()!;
      let body = "";
      response.setEncoding("utf8").on("data", (chunk: string) => (body += chunk));
      response.on("end", () => resolve({ status: response.statusCode!, body, subject }));
    });
    request.on("error", reject).end();
  });
}

async function createFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "tls-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  return folder;
}

/** Asks until the answer comes with this certificate. */
async function untilSubject(port: number, subject: string): Promise<void> {
  while ((await get(port, "/v1")).subject !== `CN=${subject}`);
}

test("serves the same routes over TLS, at an https endpoint", async () => {
  const tls = authority.issue("first");
  const server = new HttpServer({ addr: "127.0.0.1:0", logger: silentLogger, tls });
  onTestFinished(() => server.stop(AbortSignal.abort()));
  const rule = parseRule("GET /v1/{name}");
  server.handle({ operation: "/t.T/Get", input: R, output: R, bindings: [rule] }, (r) => r);
  await server.start(appInfo);
  expect((await server.endpoint()).protocol).toBe("https:");
  const { status, body, subject } = await get(server.port!, "/v1/x");
  expect({ status, subject }).toEqual({ status: 200, subject: "CN=first" });
  expect(JSON.parse(body)).toMatchObject({ name: "x" });
});

test("errors come over TLS in the same shape", async () => {
  const port = await serveRules(
    ["GET /v1"],
    R,
    R,
    () => {
      throw new KratosError(409, "TAKEN", "taken");
    },
    { tls: authority.issue("server") },
  );
  expect(await get(port, "/v1")).toMatchObject({
    status: 409,
    body: expect.stringContaining("TAKEN"),
  });
});

test("lets in only clients with a certificate of the given authority", async () => {
  const clients = createAuthority("clients");
  const tls = { ...authority.issue("server"), ca: clients.cert };
  const port = await serveRules(["GET /v1"], R, R, () => ({}), { tls });
  await expect(get(port, "/v1")).rejects.toThrow(/certificate required|ECONNRESET|hang up/);
  const stranger = createAuthority("strangers").issue("stranger");
  await expect(get(port, "/v1", stranger)).rejects.toThrow(/unknown ca|ECONNRESET|alert|hang up/);
  expect((await get(port, "/v1", clients.issue("friend"))).status).toBe(200);
});

test("speaks no TLS older than the configured version", async () => {
  const tls = { ...authority.issue("server"), minVersion: "TLSv1.3" as const };
  const port = await serveRules(["GET /v1"], R, R, () => ({}), { tls });
  const failure = new Promise((resolve) => {
    const socket = connectTls({ port, host: "127.0.0.1", maxVersion: "TLSv1.2", ca: tls.cert });
    socket.on("error", resolve);
  });
  expect(String(await failure)).toMatch(/protocol version|ECONNRESET/);
});

test("uses renewed files for new connections, and keeps those that are open", async () => {
  const folder = await createFolder();
  const write = async ({ cert, key }: TestCertificate): Promise<void> => {
    await writeFile(join(folder, "tls.crt.new"), cert);
    await writeFile(join(folder, "tls.key.new"), key);
    await rename(join(folder, "tls.crt.new"), join(folder, "tls.crt")); // as editors do
    await rename(join(folder, "tls.key.new"), join(folder, "tls.key"));
  };
  await write(authority.issue("first"));
  const tls = {
    certFile: join(folder, "tls.crt"),
    keyFile: join(folder, "tls.key"),
    reload: 10,
  };
  const port = await serveRules(["GET /v1"], R, R, () => ({}), { tls });
  const old = connectTls({ port, host: "127.0.0.1", ca: authority.cert });
  onTestFinished(() => void old.destroy());
  await untilSubject(port, "first");
  await write(authority.issue("second"));
  await untilSubject(port, "second");
  old.write("GET /v1 HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n");
  let text = "";
  for await (const chunk of old) text += String(chunk);
  expect(text).toMatch(/^HTTP\/1.1 200 /);
});

test("follows the links that Kubernetes swaps", async () => {
  const folder = await createFolder();
  const publish = async (version: string): Promise<void> => {
    const { cert, key } = authority.issue(version);
    await mkdir(join(folder, version));
    await writeFile(join(folder, version, "tls.crt"), cert);
    await writeFile(join(folder, version, "tls.key"), key);
    await symlink(version, join(folder, "..data_tmp"));
    await rename(join(folder, "..data_tmp"), join(folder, "..data"));
  };
  await publish("v1");
  await symlink("..data/tls.crt", join(folder, "tls.crt"));
  await symlink("..data/tls.key", join(folder, "tls.key"));
  const tls = { certFile: join(folder, "tls.crt"), keyFile: join(folder, "tls.key"), reload: 10 };
  const port = await serveRules(["GET /v1"], R, R, () => ({}), { tls });
  await untilSubject(port, "v1");
  await publish("v2");
  await untilSubject(port, "v2");
  expect((await get(port, "/v1")).subject).toBe("CN=v2");
});

test("keeps the old certificate when the new one cannot be used, and says so", async () => {
  const folder = await createFolder();
  const first = authority.issue("first");
  await writeFile(join(folder, "tls.crt"), first.cert);
  await writeFile(join(folder, "tls.key"), first.key);
  const records: string[] = [];
  let onRefusal: () => void = () => undefined;
  const refused = new Promise<void>((resolve) => (onRefusal = resolve));
  const logger = createLogger({
    write(text) {
      records.push(text);
      if (text.includes("new certificate refused")) onRefusal();
    },
  });
  const tls = { certFile: join(folder, "tls.crt"), keyFile: join(folder, "tls.key"), reload: 10 };
  const port = await serveRules(["GET /v1"], R, R, () => ({}), { tls, logger });
  await writeFile(join(folder, "tls.crt"), authority.issue("second").cert); // not of this key
  await refused;
  expect(records.join("")).toContain("tls.key");
  expect((await get(port, "/v1")).subject).toBe("CN=first");
});

test.for([
  ["algorithm", generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey],
  ["pair", generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey],
] as const)("does not start with the key of another %s", async ([, other]) => {
  const { cert } = authority.issue("server");
  const key = other.export({ type: "pkcs8", format: "pem" }).toString();
  const tls = { cert, key };
  const server = new HttpServer({ addr: "127.0.0.1:0", logger: silentLogger, tls });
  onTestFinished(() => server.stop(AbortSignal.abort()));
  await expect(server.endpoint()).rejects.toThrow(
    "the certificate and key of the configuration cannot be used: the private key belongs to another certificate",
  );
});

test("does not start with a certificate that cannot be read, and names the file", async () => {
  const { key } = authority.issue("server");
  const tls = { certFile: "/nowhere/tls.crt", key };
  const server = new HttpServer({ addr: "127.0.0.1:0", logger: silentLogger, tls });
  onTestFinished(() => server.stop(AbortSignal.abort()));
  await expect(server.endpoint()).rejects.toThrow(
    'cannot read the certificate from "/nowhere/tls.crt"',
  );
});

test("stops without waiting for clients that never finish their hand-shake", async () => {
  const tls = authority.issue("server");
  const server = new HttpServer({ addr: "127.0.0.1:0", logger: silentLogger, tls });
  await server.start(appInfo);
  const socket = connectSocket(server.port!, "127.0.0.1");
  await new Promise((resolve) => socket.once("connect", resolve));
  const closed = new Promise((resolve) => socket.once("close", resolve));
  socket.on("error", () => undefined).resume();
  await server.stop(new AbortController().signal);
  await closed;
  expect(socket.destroyed).toBe(true);
});
