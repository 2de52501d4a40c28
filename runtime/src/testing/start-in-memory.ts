import type { Socket } from "node:net";
import { setImmediate as nextTurn } from "node:timers/promises";
import { App } from "../app/app.ts";
import { connectServer, withOpener } from "../transport/connection-source.ts";
import { GrpcClient } from "../transport/grpc/client/client.ts";
import type { GrpcClientOptions } from "../transport/grpc/client/client-options.ts";
import type { GrpcServer } from "../transport/grpc/server/server.ts";
import { HttpClient } from "../transport/http/client/client.ts";
import type { HttpClientOptions } from "../transport/http/client/client-options.ts";
import type { HttpServer } from "../transport/http/server/server.ts";
import type { Server } from "../transport/server.ts";
import { createInMemoryFetch } from "./in-memory-fetch.ts";
import { MemoryListener } from "./memory-listener.ts";

/** What {@link startInMemory} starts. */
export interface InMemoryOptions {
  /** A server without TLS that was not started. Default: none. */
  readonly http?: HttpServer | undefined;
  /** A server without TLS that was not started. Default: none. */
  readonly grpc?: GrpcServer | undefined;
  /** Milliseconds that calls have to come to their end when the servers stop; 0: no limit. Default: 1000. */
  readonly stopTimeout?: number | undefined;
}

/** What an `HttpClient` in memory can be told: all but where to call. */
export type InMemoryHttpClientOptions = Omit<
  HttpClientOptions,
  "endpoint" | "tls" | "fetch" | "discovery" | "subset" | "balancer" | "filters"
>;

/** What a `GrpcClient` in memory can be told: all but where to call. */
export type InMemoryGrpcClientOptions = Omit<
  GrpcClientOptions,
  "endpoint" | "tls" | "discovery" | "subset" | "balancer" | "filters"
>;

/** The servers of a service, running in memory. */
export interface InMemoryService extends AsyncDisposable {
  /** A new client of the HTTP server. Throws an `Error` when there is no such server. */
  httpClient(options?: InMemoryHttpClientOptions): HttpClient;
  /** A new client of the gRPC server. Throws an `Error` when there is no such server. */
  grpcClient(options?: InMemoryGrpcClientOptions): GrpcClient;
  /**
   * Sends a request to the HTTP server, whatever host its URL names; a path will do. The reply is what came:
   * redirects are not followed, nothing is unpacked, and there is no jar for cookies. Rejects with an `Error` when
   * there is no such server, and with a `TypeError` when no reply comes.
   */
  readonly fetch: typeof fetch;
  /**
   * Stops the servers as an `App` does, and closes the clients. Rejects with what went wrong. Safe to call more than
   * once.
   */
  close(): Promise<void>;
}

/**
 * Starts servers that are called in memory, by clients that come with them: everything is as in production, but that
 * nothing listens on a port. Rejects with an `Error` when a server listens already or speaks TLS, and with what went
 * wrong with the start.
 *
 * ```ts
 * const service = await startInMemory({ http: newHttpServer(deps), grpc: newGrpcServer(deps) });
 * const orders = createOrderServiceGrpcClient(service.grpcClient());
 * ```
 */
export async function startInMemory(options: InMemoryOptions): Promise<InMemoryService> {
  const http = options.http && new MemoryListener();
  const grpc = options.grpc && new MemoryListener();
  if (options.http && http) connectServer(options.http, http);
  if (options.grpc && grpc) connectServer(options.grpc, grpc);
  const servers = [options.http, options.grpc].filter((server) => server !== undefined);
  const service = new RunningService(servers, options.stopTimeout ?? 1000, http, grpc);
  await service.started();
  return service;
}

class RunningService implements InMemoryService {
  readonly fetch: typeof fetch;
  readonly #http: MemoryListener | undefined;
  readonly #grpc: MemoryListener | undefined;
  readonly #httpClients: HttpClient[] = [];
  readonly #grpcClients: GrpcClient[] = [];
  readonly #app: App;
  readonly #started: Promise<void>;
  readonly #running: Promise<void>;
  #closing: Promise<void> | undefined;

  constructor(
    servers: readonly Server[],
    stopTimeout: number,
    http: MemoryListener | undefined,
    grpc: MemoryListener | undefined,
  ) {
    this.#http = http;
    this.#grpc = grpc;
    this.fetch = createInMemoryFetch(() => connectorOf("http", http)());
    let onStart = (): void => undefined;
    this.#started = new Promise((resolve) => {
      onStart = resolve;
    });
    this.#app = new App({ servers, stopTimeout, signals: [], afterStart: () => onStart() });
    this.#running = this.#app.run();
    this.#running.catch(() => undefined); // close() tells
  }

  /** Rejects with what went wrong with the start. */
  async started(): Promise<void> {
    await Promise.race([this.#started, this.#running]);
  }

  httpClient(options: InMemoryHttpClientOptions = {}): HttpClient {
    const settings = { ...options, endpoint: "http://in-memory" };
    const client = new HttpClient(withOpener(settings, connectorOf("http", this.#http)));
    this.#httpClients.push(client);
    return client;
  }

  grpcClient(options: InMemoryGrpcClientOptions = {}): GrpcClient {
    const settings = { ...options, endpoint: "in-memory:80" };
    const client = new GrpcClient(withOpener(settings, connectorOf("grpc", this.#grpc)));
    this.#grpcClients.push(client);
    return client;
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    // Their calls that run go on. Those of gRPC would be cut, and leave by themselves when their server says goodbye.
    for (const client of this.#httpClients) client.close();
    // The server is to find idle connections closed, or it would wait for requests on them.
    for (let turn = 0; turn < 4; turn++) await nextTurn();
    await this.#app.stop();
    for (const client of this.#grpcClients) client.close();
    await this.#running;
  }
}

function connectorOf(name: "http" | "grpc", listener: MemoryListener | undefined): () => Socket {
  if (listener === undefined) throw new Error(`startInMemory() was given no "${name}" server`);
  return listener.connect;
}
