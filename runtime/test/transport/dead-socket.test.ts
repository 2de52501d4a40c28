import { existsSync } from "node:fs";
import { mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { GrpcServer } from "@kratos-ts/runtime/grpc";
import { HttpServer } from "@kratos-ts/runtime/http";
import { silentLogger } from "@kratos-ts/runtime/log";
import { expect, onTestFinished, test } from "vitest";
import { removeDeadSocket } from "../../src/transport/dead-socket.ts";

async function createFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "sock-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  return folder;
}

async function listen(path: string): Promise<Server> {
  const server = createServer((socket) => socket.destroy());
  onTestFinished(() => void server.close());
  await new Promise<void>((resolve) => server.listen(path, resolve));
  return server;
}

/** A socket's file that outlives its listener, as when a process is killed. */
async function leaveDeadSocket(path: string): Promise<void> {
  const server = await listen(`${path}.live`);
  await rename(`${path}.live`, path); // or closing would remove it
  await new Promise((resolve) => server.close(resolve));
}

test.each([HttpServer, GrpcServer])(
  "%o listens where a killed one has left its socket",
  async (Server) => {
    const path = join(await createFolder(), "s");
    await leaveDeadSocket(path);
    expect(existsSync(path)).toBe(true);
    const server = new Server({ network: "unix", addr: path, logger: silentLogger });
    onTestFinished(() => server.stop(AbortSignal.abort()));
    expect((await server.endpoint()).pathname).toBe(path);
  },
);

test("a server does not take the socket of another that lives", async () => {
  const path = join(await createFolder(), "s");
  await listen(path);
  const server = new HttpServer({ network: "unix", addr: path, logger: silentLogger });
  await expect(server.endpoint()).rejects.toThrow("the address is in use");
});

test("what is no socket stays", async () => {
  const path = join(await createFolder(), "file");
  await writeFile(path, "precious");
  await removeDeadSocket(path);
  await removeDeadSocket(join(path, "..", "missing"));
  expect(existsSync(path)).toBe(true);
});
