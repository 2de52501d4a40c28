import type { Socket } from "node:net";
import { type ConnectionOwner, GatedListener } from "../../gated-listener.ts";
import type {
  CreateServerEngine,
  ServerEngine,
  ServerEngineOptions,
  StreamHandler,
} from "../server-engine.ts";
import type { BoundAddress, ListenAddress } from "../../listen-address.ts";
import type { ShutdownError } from "../../shutdown-error.ts";
import { ByteBudget } from "./byte-budget.ts";
import type { ConnectionHost } from "./connection.ts";
import { Http2Connection } from "./connection.ts";
import { HpackTables } from "./hpack-tables.ts";
import type { Http2Limits } from "./limits.ts";
import { completeLimits } from "./limits.ts";
import { BufferPool } from "./output.ts";

/** Options of {@link createHttp2Server}, with limits that only this engine has. */
export interface Http2EngineOptions extends ServerEngineOptions {
  readonly limits?: Partial<Http2Limits>;
}

/** The {@link ServerEngine} of this folder, on plain sockets or those of TLS. */
export const createHttp2Server: CreateServerEngine = (
  options: Http2EngineOptions,
  onStream,
  onError,
) => new Http2ServerEngine(options, onStream, onError);

class Http2ServerEngine implements ServerEngine, ConnectionHost, ConnectionOwner {
  readonly limits: Http2Limits;
  readonly tables: HpackTables = new HpackTables();
  readonly pool: BufferPool = new BufferPool();
  readonly queued: ByteBudget;
  readonly onStream: StreamHandler;
  readonly #listener: GatedListener;
  readonly #connections = new Set<Http2Connection>();
  #timer: NodeJS.Timeout | undefined;
  #stopping = false;

  constructor(
    options: Http2EngineOptions,
    onStream: StreamHandler,
    onError: (error: Error) => void,
  ) {
    this.limits = completeLimits(options, options.limits);
    this.queued = new ByteBudget(this.limits.maxQueuedBytesTotal);
    this.onStream = onStream;
    this.#listener = new GatedListener(options, this, onError);
  }

  listen(address: ListenAddress): Promise<BoundAddress> {
    return this.#listener.listen(address);
  }

  accept(): void {
    this.#listener.accept();
  }

  shutdown(signal: AbortSignal): Promise<void> {
    return this.#listener.shutdown(signal);
  }

  onConnectionClosed(connection: Http2Connection): void {
    this.#connections.delete(connection);
    if (this.#connections.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  serve(socket: Socket): void {
    const connection = new Http2Connection(this, socket);
    this.#connections.add(connection);
    this.#timer ??= setInterval(() => this.#check(), this.#checkInterval()).unref();
    connection.open();
    if (this.#stopping) connection.goodbye();
  }

  goodbye(): void {
    this.#stopping = true;
    for (const connection of this.#connections) connection.goodbye();
  }

  cutOff(reason: ShutdownError): void {
    for (const connection of this.#connections) connection.destroy(reason);
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
