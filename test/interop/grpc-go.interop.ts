import { GrpcClient, GrpcServer } from "@kratos-ts/runtime";
import { http2Engine } from "@kratos-ts/runtime/http2";
import { silentLogger } from "@kratos-ts/runtime/log";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createAuthority } from "../../runtime/test/transport/certificates.ts";
import { callFromGrpcGo, type CertificateFiles, whileGrpcGoServes } from "./grpc-go-peer.ts";
import { registerTestService } from "./test-service.ts";
import { cases, runCase } from "./test-service-calls.ts";
import { whileServing } from "./while-serving.ts";

const authority = createAuthority();
let folder = "";
let caFile = "";
let files: CertificateFiles = { certFile: "", keyFile: "" };

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "kratos-ts-interop-"));
  const { cert, key } = authority.issue("localhost");
  caFile = join(folder, "ca.crt");
  files = { certFile: join(folder, "server.crt"), keyFile: join(folder, "server.key") };
  await writeFile(caFile, authority.cert);
  await writeFile(files.certFile, cert);
  await writeFile(files.keyFile, key);
});

afterAll(() => rm(folder, { recursive: true }));

/** Cases that gRPC-Go's client has beside those of ours. */
const moreCases = ["channel_soak", "pick_first_unary"];

/** Tries each case, one after the other; "passed", or what was wrong, by their names. */
async function tryCases(
  names: readonly string[],
  run: (name: string) => Promise<void>,
): Promise<Record<string, string>> {
  const outcomes: Record<string, string> = {};
  for (const name of names) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    outcomes[name] = await run(name).then(() => "passed", String);
  }
  return outcomes;
}

function allPassed(names: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.map((name) => [name, "passed"]));
}

describe.each([
  ["node:http2", undefined],
  ["http2Engine", http2Engine()],
])("a client of gRPC-Go calls our server on %s", (_, engine) => {
  test.for([false, true])("with TLS: %s", async (withTls) => {
    const server = new GrpcServer({
      addr: "127.0.0.1:0",
      logger: silentLogger,
      timeout: 0,
      engine,
      tls: withTls && files,
    });
    registerTestService(server);
    const names = [...Object.keys(cases), ...moreCases];
    const outcomes = await whileServing(server, async () => {
      const { port } = await server.endpoint();
      return tryCases(names, (name) =>
        callFromGrpcGo(name, Number(port), withTls ? caFile : undefined),
      );
    });
    expect(outcomes).toEqual(allPassed(names));
  });
});

describe("our client calls a server of gRPC-Go", () => {
  test.for([false, true])("with TLS: %s", async (withTls) => {
    const names = Object.keys(cases);
    const outcomes = await whileGrpcGoServes(withTls ? files : undefined, async (port) => {
      const client = new GrpcClient({
        endpoint: `127.0.0.1:${port}`,
        ...(withTls && { tls: { ca: authority.cert } }),
      });
      try {
        return await tryCases(names, (name) => runCase(name, client));
      } finally {
        client.close();
      }
    });
    expect(outcomes).toEqual(allPassed(names));
  });
});
