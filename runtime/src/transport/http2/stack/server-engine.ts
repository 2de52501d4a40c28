import type { Socket } from "node:net";
import { type ConnectionOwner, GatedListener } from "../../gated-listener.ts";
import type { BoundAddress, ListenAddress } from "../../listen-address.ts";
import type { ShutdownError } from "../../shutdown-error.ts";
import type {
  Http2Engine,
  ServerEngine,
  ServerEngineOptions,
  StreamHandler,
} from "../server-engine.ts";
import { ByteBudget } from "./byte-budget.ts";
import type { ConnectionHost } from "./connection.ts";
import { Http2Connection } from "./connection.ts";
import { HpackTables } from "./hpack-tables.ts";
import type { Http2Limits } from "./limits.ts";
import { completeLimits } from "./limits.ts";
import { BufferPool } from "./output.ts";

/**
 * An HTTP/2 engine that is written in TypeScript, on sockets of `node:net` and `node:tls`: small calls take a
 * fraction of the time that they take on `node:http2`. For the `engine` of a `GrpcServer`; it may be given to
 * several, which then share what `limits` say of all connections. Throws a `TypeError` for limits that cannot be.
 */
export function http2Engine(limits: Partial<Http2Limits> = {}): Http2Engine {
  const shared = new SharedParts(completeLimits(limits));
  return {
    createServer: (options, onStream, onError) =>
      new Http2ServerEngine(shared, options, onStream, onError),
  };
}

/** What all servers of an engine have in common. */
class SharedParts {
  readonly limits: Http2Limits;
  readonly tables: HpackTables = new HpackTables();
  readonly pool: BufferPool = new BufferPool();
  readonly queued: ByteBudget;
  readonly held: ByteBudget;

  constructor(limits: Http2Limits) {
    this.limits = limits;
    this.queued = new ByteBudget(limits.maxQueuedBytesTotal);
    this.held = new ByteBudget(limits.maxHeldBytesTotal);
  }
}

class Http2ServerEngine implements ServerEngine, ConnectionHost, ConnectionOwner {
  readonly limits: Http2Limits;
  readonly options: ServerEngineOptions;
  readonly tables: HpackTables;
  readonly pool: BufferPool;
  readonly queued: ByteBudget;
  readonly held: ByteBudget;
  readonly onStream: StreamHandler;
  readonly #listener: GatedListener;
  readonly #connections = new Set<Http2Connection>();
  #timer: NodeJS.Timeout | undefined;
  #stopping = false;

  constructor(
    shared: SharedParts,
    options: ServerEngineOptions,
    onStream: StreamHandler,
    onError: (error: Error) => void,
  ) {
    this.limits = shared.limits;
    this.options = options;
    this.tables = shared.tables;
    this.pool = shared.pool;
    this.queued = shared.queued;
    this.held = shared.held;
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
    for (const connection of this.#connections) connection.cutOff(reason);
  }

  #check(): void {
    const now = performance.now();
    for (const connection of this.#connections) connection.check(now);
  }

  /** Often enough for the shortest time that is waited for, and once a second at most. */
  #checkInterval(): number {
    const { limits, options } = this;
    const times = [
      limits.handshakeTimeout,
      limits.headerTimeout,
      limits.stallTimeout,
      limits.goodbyeTimeout,
      options.maxConnectionIdle,
      options.maxConnectionAge,
      options.maxConnectionAgeGrace,
      options.keepalive.time,
      options.keepalive.timeout,
    ];
    const shortest = Math.min(...times.filter((time) => time > 0));
    return Math.max(10, Math.min(1000, shortest / 4));
  }
}
