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

/** A client of Kratos for Go that watches the health of its server. */
export interface WatchingClient {
  /** Makes a call, and gives the code that it ended with; 200: well. */
  call(): Promise<number>;
}

/** Runs such a client, in a process of its own, for as long as `use` takes. */
export async function whileGoWatches(
  grpc: string,
  use: (client: WatchingClient) => Promise<void>,
): Promise<void> {
  const peer = execa(program, ["-grpc", grpc, "call-on-demand"], {
    stderr: "ignore",
    buffer: false,
    reject: false,
  });
  const lines = createInterface(peer.stdout)[Symbol.asyncIterator]();
  try {
    await use({
      async call() {
        peer.stdin.write("\n");
        const line = await lines.next();
        return Number(line.value);
      },
    });
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
