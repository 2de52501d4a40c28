import type { Server, Socket } from "node:net";
import { createServer as createNetServer } from "node:net";
import { closeListener } from "../close-listener.ts";
import type {
  CreateServerEngine,
  ServerEngine,
  ServerLimits,
  StreamHandler,
} from "../grpc/engine.ts";
import type { BoundAddress, ListenAddress } from "../listen-address.ts";
import { toBoundAddress } from "../listen-address.ts";
import { ByteBudget } from "./byte-budget.ts";
import type { ConnectionHost } from "./connection.ts";
import { Http2Connection } from "./connection.ts";
import { HpackTables } from "./hpack-tables.ts";
import type { Http2Limits } from "./limits.ts";
import { completeLimits } from "./limits.ts";
import { BufferPool } from "./output.ts";
import { ShutdownError } from "./shutdown-error.ts";

/** The {@link ServerEngine} of this folder, on plain sockets, without TLS. */
export const createHttp2Server: CreateServerEngine = (
  limits: ServerLimits & Partial<Http2Limits>,
  onStream,
  onError,
) => new Http2ServerEngine(completeLimits(limits), onStream, onError);

class Http2ServerEngine implements ServerEngine, ConnectionHost {
  readonly limits: Http2Limits;
  readonly tables: HpackTables = new HpackTables();
  readonly pool: BufferPool = new BufferPool();
  readonly queued: ByteBudget;
  readonly onStream: StreamHandler;
  readonly #listener: Server;
  readonly #connections = new Set<Http2Connection>();
  #waiting: Socket[] | undefined = [];
  #closed: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #stopping = false;
  /** What is left was ended; nothing that comes late is begun. */
  #cut = false;

  constructor(limits: Http2Limits, onStream: StreamHandler, onError: (error: Error) => void) {
    this.limits = limits;
    this.queued = new ByteBudget(limits.maxQueuedBytesTotal);
    this.onStream = onStream;
    this.#listener = createNetServer({ pauseOnConnect: true, noDelay: true }, (socket) => {
      socket.on("error", ignore); // "close" follows
      if (this.#waiting === undefined) this.#serve(socket);
      else this.#waiting.push(socket);
    });
    this.#listener.on("error", onError);
  }

  listen(address: ListenAddress): Promise<BoundAddress> {
    const listener = this.#listener;
    return new Promise((resolve, reject) => {
      listener.once("error", reject);
      listener.listen(address, () => {
        listener.off("error", reject);
        resolve(toBoundAddress(listener.address()));
      });
    });
  }

  accept(): void {
    const waiting = this.#waiting ?? [];
    this.#waiting = undefined;
    for (const socket of waiting) this.#serve(socket);
  }

  async shutdown(signal: AbortSignal): Promise<void> {
    this.#closed ??= this.#drain();
    for (const socket of this.#waiting ?? []) socket.destroy();
    this.#waiting = undefined;
    const cutOff = (): void => {
      this.#cut = true;
      for (const connection of this.#connections) connection.destroy(new ShutdownError());
    };
    if (signal.aborted) cutOff();
    else signal.addEventListener("abort", cutOff, { once: true });
    try {
      await this.#closed;
    } finally {
      signal.removeEventListener("abort", cutOff);
    }
  }

  onConnectionClosed(connection: Http2Connection): void {
    this.#connections.delete(connection);
    if (this.#connections.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** Resolves when the last connection has ended. */
  async #drain(): Promise<void> {
    const listener = this.#listener;
    if (!listener.listening) return;
    const closed = new Promise<void>((resolve) => listener.once("close", resolve));
    // The listener first: a call that a closing connection refuses must not come back on a new one.
    await closeListener(listener, () => listener.close());
    this.#stopping = true;
    for (const connection of this.#connections) connection.goodbye();
    await closed;
  }

  #serve(socket: Socket): void {
    if (this.#cut) {
      socket.destroy();
      return;
    }
    const connection = new Http2Connection(this, socket);
    this.#connections.add(connection);
    this.#timer ??= setInterval(() => this.#check(), this.#checkInterval()).unref();
    connection.open();
    if (this.#stopping) connection.goodbye();
  }

  #check(): void {
    const now = performance.now();
    for (const connection of this.#connections) connection.check(now);
  }

  /** Often enough for the shortest time that is waited for, and once a second at most. */
  #checkInterval(): number {
    const { limits } = this;
    const times = [
      limits.handshakeTimeout,
      limits.headerTimeout,
      limits.stallTimeout,
      limits.idleTimeout,
      limits.keepAliveTime,
      limits.keepAliveTimeout,
      limits.goodbyeTimeout,
    ];
    const shortest = Math.min(...times.filter((time) => time > 0));
    return Math.max(10, Math.min(1000, shortest / 4));
  }
}

function ignore(): void {}
