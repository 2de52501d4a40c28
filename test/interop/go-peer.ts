import { execa } from "execa";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { Outcomes } from "./scenarios.ts";

const program = fileURLToPath(new URL("../../.cache/interop/bin/interop", import.meta.url));

/** Where servers listen: a URL, and `host:port`. */
export interface Addresses {
  readonly http: string;
  readonly grpc: string;
}

/** Runs a service of Kratos for Go, in a process of its own, for as long as `use` takes. */
export async function whileGoServes<T>(use: (addresses: Addresses) => Promise<T>): Promise<T> {
  const peer = execa(program, ["serve"], { stderr: "ignore", buffer: false, reject: false });
  try {
    const lines = createInterface(peer.stdout);
    const [line] = (await once(lines, "line")) as [string];
    return await use(JSON.parse(line) as Addresses);
  } finally {
    peer.stdin.end();
    await peer;
  }
}

/** Lets clients of Kratos for Go make every call. */
export async function callFromGo({ http, grpc }: Addresses): Promise<{
  http: Outcomes;
  grpc: Outcomes;
}> {
  const { stdout } = await execa(program, ["-http", http, "-grpc", grpc, "call"], {
    timeout: 30_000,
  });
  return JSON.parse(stdout) as { http: Outcomes; grpc: Outcomes };
}
