/** What a server process tells the one that started it. */
export type ServerMessage =
  | { readonly kind: "listening"; readonly port: number }
  /** Microseconds of CPU since the process began, and bytes of memory: those that it occupies, and its heap. */
  | {
      readonly kind: "usage";
      readonly microseconds: number;
      readonly rss: number;
      readonly heapUsed: number;
    };

/** What it is asked: how much it has used. */
export const askUsage = "usage";

/** The same, once everything is collected that nobody needs; for servers that run with `--expose-gc`. */
export const askLiveUsage = "live usage";

/** Tells the parent process that `port` is open, and from then on answers {@link askUsage} and {@link askLiveUsage}. */
export function announce(port: number): void {
  const send = process.send?.bind(process);
  if (send === undefined) {
    console.log(`listening on 127.0.0.1:${port}`); // started by hand
    return;
  }
  process.on("message", (message) => {
    if (message !== askUsage && message !== askLiveUsage) return;
    if (message === askLiveUsage) globalThis.gc?.();
    const { user, system } = process.cpuUsage();
    const { rss, heapUsed } = process.memoryUsage();
    send({ kind: "usage", microseconds: user + system, rss, heapUsed } satisfies ServerMessage);
  });
  process.on("disconnect", () => process.exit()); // whoever started it is gone
  send({ kind: "listening", port } satisfies ServerMessage);
}

/** The port of a Node server that listens on TCP. */
export function portOf(server: { address(): unknown }): number {
  const address = server.address();
  if (typeof address === "object" && address !== null && "port" in address) {
    return Number(address.port);
  }
  throw new Error("the server does not listen on a TCP port");
}
