import { execa } from "execa";
import { existsSync } from "node:fs";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { Outcomes } from "./scenarios.ts";

const cache = new URL("../../.cache/interop/python/", import.meta.url);
const python = fileURLToPath(new URL("venv/bin/python", cache));
const descriptors = fileURLToPath(new URL("echo.binpb", cache));
const program = fileURLToPath(new URL("python/peer.py", import.meta.url));

/** Whether there is Python here, with grpcio: its packages need a registry. */
export const hasPython: boolean = existsSync(fileURLToPath(new URL("ready", cache)));

/** Runs a service of grpcio, in a process of its own, for as long as `use` takes with its `host:port`. */
export async function whilePythonServes<T>(use: (address: string) => Promise<T>): Promise<T> {
  const peer = execa(python, [program, descriptors, "serve"], {
    stderr: "ignore", // where it tells of the exceptions that it is told to throw
    buffer: false,
    reject: false,
  });
  try {
    const [line] = (await once(createInterface(peer.stdout), "line")) as [string];
    return await use((JSON.parse(line) as { grpc: string }).grpc);
  } finally {
    peer.stdin.end();
    await peer;
  }
}

/** Lets a client of grpcio make every call. */
export async function callFromPython(address: string): Promise<Outcomes> {
  const { stdout } = await execa(python, [program, descriptors, "call", address], {
    timeout: 30_000,
  });
  return (JSON.parse(stdout) as { grpc: Outcomes }).grpc;
}
