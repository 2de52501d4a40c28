import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { Server as NetServer, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { closeListener } from "../close-listener.ts";
import { type BoundAddress, type ListenAddress, toBoundAddress } from "../listen-address.ts";
import { Connection } from "./connection.ts";
import { joinWrites } from "./join-writes.ts";
import { answerProtocolError } from "./protocol-error.ts";

/** How often an idle connection is looked at before it is closed. */
const quietSweeps = 4;

/** The longest delay that timers take, in milliseconds. */
const maxInterval = 2 ** 31 - 1;

/** How long, in milliseconds, a connection stays open for requests that may be under way when a server stops. */
const drainTime = 100;

/** Whom a listener tells. */
export interface RequestReceiver {
  onRequest(request: IncomingMessage, response: ServerResponse): void;
  /** A request that came before {@link HttpListener.accept}, when the listener was shut down. */
  onUnaccepted(response: ServerResponse): void;
  /** A request whose `Expect` is not `100-continue`. */
  onExpectation(request: IncomingMessage, response: ServerResponse): void;
  /** A `CONNECT`, which has no response. */
  onConnect(request: IncomingMessage, socket: Duplex): void;
  /** What no request can be blamed for. */
  onError(error: Error): void;
}

/**
 * The listener and connections of an HTTP server: opened once, drained once. What is asked and answered over
 * them is the {@link RequestReceiver}'s business.
 */
export class HttpListener {
  readonly #receiver: RequestReceiver;
  readonly #idleTimeout: number;
  readonly #server: Server;
  readonly #connections = new Set<Connection>();
  /** Requests that came before {@link accept}: the listener opens earlier, to know its port. */
  #held: [IncomingMessage, ServerResponse][] | undefined = [];
  #idleWatch: NodeJS.Timeout | undefined;
  #closed: Promise<void> | undefined;
  /** What was left was ended; nothing that comes late is begun. */
  #cut = false;

  /** `idleTimeout` in milliseconds; 0: idle connections stay. */
  constructor(idleTimeout: number, receiver: RequestReceiver) {
    this.#idleTimeout = idleTimeout;
    this.#receiver = receiver;
    // Node's own timer for idle connections costs each request two settings of it; see #watchIdle.
    // And what it answers by itself has no body.
    const server = createServer({ keepAliveTimeout: 0, requireHostHeader: false });
    server.on("request", (request, response) => this.#receive(request, response));
    server.on("checkExpectation", (request, response) => {
      if (admit(request, response)) receiver.onExpectation(request, response);
    });
    server.on("connect", (request, socket) => receiver.onConnect(request, socket));
    server.on("connection", (socket) => this.#track(socket));
    server.on("clientError", answerProtocolError);
    this.#server = server;
  }

  /** Opens the listener. Rejects with what the system says. */
  async listen(address: ListenAddress): Promise<BoundAddress> {
    const server = this.#server;
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(address, () => {
        server.off("error", reject);
        resolve();
      });
    });
    server.on("error", (error) => this.#receiver.onError(error));
    this.#watchIdle();
    return toBoundAddress(server.address());
  }

  /** Begins to hand on requests, those first that have come already. */
  accept(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const [request, response] of held) this.#receiver.onRequest(request, response);
  }

  /**
   * Closes the listener and each connection after its last reply; resolves when all are closed. An abort of
   * `signal` cuts off what is left. Call it once the listener is open, or when it will never be.
   */
  async shutdown(signal: AbortSignal): Promise<void> {
    this.#closed ??= this.#drain();
    const cut = () => {
      this.#cut = true;
      for (const connection of this.#connections) {
        connection.lose("server");
        connection.socket.destroy();
      }
    };
    if (signal.aborted) cut();
    signal.addEventListener("abort", cut, { once: true });
    try {
      await this.#closed;
    } finally {
      signal.removeEventListener("abort", cut);
    }
  }

  async #drain(): Promise<void> {
    if (this.#server.listening) {
      await closeListener(this.#server, () => {
        // Only the listener: closing the HTTP server would cut idle connections, into which clients may
        // have sent a request already.
        NetServer.prototype.close.call(this.#server);
      });
    }
    for (const [, response] of this.#held?.splice(0) ?? []) this.#receiver.onUnaccepted(response);
    clearInterval(this.#idleWatch);
    await this.#closeConnections();
    this.#server.close(() => undefined); // ends its timers
  }

  #track(socket: Socket): void {
    if (this.#cut) {
      socket.destroy();
      return;
    }
    joinWrites(socket);
    const connection = new Connection(socket);
    this.#connections.add(connection);
    socket.on("close", () => {
      this.#connections.delete(connection);
      connection.lose("client");
    });
  }

  #receive(request: IncomingMessage, response: ServerResponse): void {
    if (!admit(request, response)) return;
    if (this.#held === undefined) this.#receiver.onRequest(request, response);
    else if (this.#closed !== undefined) this.#receiver.onUnaccepted(response);
    else this.#held.push([request, response]);
  }

  /** Closes connections over which nothing has gone for the idle time, and up to a quarter more. */
  #watchIdle(): void {
    if (this.#idleTimeout <= 0) return;
    this.#idleWatch = setInterval(
      () => {
        for (const connection of this.#connections) connection.closeWhenQuiet(quietSweeps);
      },
      Math.min(this.#idleTimeout / quietSweeps, maxInterval),
    );
    this.#idleWatch.unref();
  }

  #closeConnections(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#connections.size === 0) {
        resolve();
        return;
      }
      const timer = setInterval(() => {
        for (const connection of this.#connections) connection.closeWhenQuiet(quietSweeps);
        if (this.#connections.size > 0) return;
        clearInterval(timer);
        resolve();
      }, drainTime / quietSweeps);
    });
  }
}

/** Whether a request may still be answered on its connection. */
function admit(request: IncomingMessage, response: ServerResponse): boolean {
  return Connection.of(request.socket)?.admit(response) !== false;
}
