import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { Server as NetServer, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { SecureContextOptions, Server as TlsServer } from "node:tls";
import { KratosError } from "../../../errors/kratos-error.ts";
import { closeListener } from "../../close-listener.ts";
import type { ConnectionSource } from "../../connection-source.ts";
import { type BoundAddress, type ListenAddress, toBoundAddress } from "../../listen-address.ts";
import type { CompleteTlsOptions } from "../../tls-options.ts";
import { Connection } from "./connection.ts";
import { Http2Sessions } from "./http2-sessions.ts";
import { joinWrites } from "./join-writes.ts";
import { type ClientLimits, createPlainServer, createTlsServer } from "./node-server.ts";
import { answerProtocolError, refuseConnection, refuseSocket } from "./protocol-error.ts";
import { SocketSendWatch } from "./send-watch.ts";
import { asksForWebSocket, isAnswering, readAnew, UpgradeResponse } from "./upgrade.ts";

/** How often a connection is looked at before it is closed for being idle, or for taking nothing. */
const quietSweeps = 4;

/** The longest delay that timers take, in milliseconds. */
const maxInterval = 2 ** 31 - 1;

/** How long, in milliseconds, a connection stays open for requests that may be under way when a server stops. */
const drainTime = 100;

/** For how many looks a stopping server waits for hand-shakes of TLS: behind them may be a request. */
const handshakeSweeps = 4 * quietSweeps;

/** What a stopping server gives clients, in milliseconds, to take the last words of streams that it cuts off. */
const goodbyeTime = 500;

/** Connections over the limit that are answered at the same time; those beyond are cut. */
const maxRefusals = 64;

/** What a listener has to know. */
export interface ListenerOptions extends ClientLimits {
  /** In milliseconds; 0: idle connections stay. */
  readonly idleTimeout: number;
  /** In milliseconds; 0: what waits to be sent may wait for ever. */
  readonly sendTimeout: number;
  /** 0: any number. */
  readonly maxConnections: number;
  readonly tls: CompleteTlsOptions | undefined;
  /** Offered over TLS only. */
  readonly http2: boolean;
}

/** Whom a listener tells of what comes over HTTP/2. */
export type StreamReceiver = Pick<
  RequestReceiver,
  "onRequest" | "onUnaccepted" | "onExpectation" | "onLargeHead"
>;

/** Whom a listener tells. */
export interface RequestReceiver {
  onRequest(request: IncomingMessage, response: ServerResponse): void;
  /** A request that came before {@link HttpListener.accept}, when the listener was shut down. */
  onUnaccepted(response: ServerResponse): void;
  /** A request whose `Expect` is not `100-continue`. */
  onExpectation(request: IncomingMessage, response: ServerResponse): void;
  /** A request over HTTP/2 whose head is too large; over HTTP/1.1 it never becomes one. */
  onLargeHead(response: ServerResponse): void;
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
  readonly #options: ListenerOptions;
  readonly #server: Server;
  readonly #sessions: Http2Sessions | undefined;
  readonly #connections = new Set<Connection>();
  /** What was accepted, TLS hand-shakes and HTTP/2 included. */
  readonly #sockets = new Set<Socket>();
  readonly #sending = new SocketSendWatch();
  #refusals = 0;
  /** Requests that came before {@link accept}: the listener opens earlier, to know its port. */
  #held: [StreamReceiver, IncomingMessage, ServerResponse][] | undefined = [];
  /** Undefined: the system hands connections over. */
  #source: ConnectionSource | undefined;
  #idleWatch: NodeJS.Timeout | undefined;
  #sendWatch: NodeJS.Timeout | undefined;
  #closed: Promise<void> | undefined;
  /** What was left was ended; nothing that comes late is begun. */
  #cut = false;

  /** `streams` is told of what comes over HTTP/2, `receiver` of all else. */
  constructor(options: ListenerOptions, receiver: RequestReceiver, streams: StreamReceiver) {
    this.#options = options;
    this.#receiver = receiver;
    const { tls } = options;
    if (tls !== undefined && options.http2) {
      this.#sessions = new Http2Sessions(options, {
        onRequest: (request, response) => this.#hold(streams, request, response),
        onExpectation: (request, response) => streams.onExpectation(request, response),
        onLargeHead: (response) => streams.onLargeHead(response),
      });
    }
    const server = this.#createServer();
    server.on("connection", (socket) => this.#count(socket));
    server.on("request", (request, response) => this.#receive(request, response));
    server.on("checkExpectation", (request, response) => {
      if (admit(request, response)) receiver.onExpectation(request, response);
    });
    server.on("connect", (request, socket) => receiver.onConnect(request, socket));
    server.on("clientError", (error, socket) => {
      answerProtocolError(error, socket as Socket, options.maxHeaderBytes);
    });
    this.#server = server;
  }

  /** Whom new connections are shown, from now on. Needed before {@link listen} where TLS is spoken. */
  setSecureContext(context: SecureContextOptions): void {
    (this.#server as unknown as TlsServer).setSecureContext(context);
  }

  /**
   * Hands on requests for WebSockets, too, with an `UpgradeResponse`, from now on. Those for other protocols are
   * taken as if they had not asked.
   */
  serveUpgrades(): void {
    if (this.#server.listenerCount("upgrade") > 0) return;
    this.#server.on("upgrade", (request, socket, head) => {
      this.#upgrade(request, socket as Socket, head);
    });
  }

  /** Opens the listener. Rejects with what the system says. */
  async listen(address: ListenAddress): Promise<BoundAddress> {
    const server = this.#server;
    this.#source = address.source;
    if (address.source === undefined) await openListener(server, address);
    else serveSource(server, address.source);
    server.on("error", (error) => this.#receiver.onError(error));
    const { idleTimeout, sendTimeout } = this.#options;
    this.#idleWatch = watch(idleTimeout, () => this.#closeQuiet());
    this.#sendWatch = watch(sendTimeout, () => this.#cutStuck());
    return toBoundAddress(server.address());
  }

  /** Begins to hand on requests, those first that have come already. */
  accept(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const [receiver, request, response] of held) {
      if (!request.socket.destroyed) receiver.onRequest(request, response);
    }
  }

  /**
   * Closes the listener and each connection after its last reply; resolves when all are closed. An abort of
   * `signal` cuts off what is left, half a second after it has told streams so. Call it once the listener is open, or when it will never be.
   */
  async shutdown(signal: AbortSignal): Promise<void> {
    this.#closed ??= this.#drain();
    let goodbye: NodeJS.Timeout | undefined;
    const cut = () => {
      this.#cut = true;
      for (const connection of this.#connections) connection.sayGoodbye();
      this.#sessions?.sayGoodbye();
      goodbye = setTimeout(() => this.#destroyAll(), goodbyeTime);
    };
    if (signal.aborted) cut();
    signal.addEventListener("abort", cut, { once: true });
    try {
      await this.#closed;
    } finally {
      clearTimeout(goodbye);
      signal.removeEventListener("abort", cut);
    }
  }

  #destroyAll(): void {
    for (const { socket } of this.#connections) socket.destroy();
    this.#sessions?.cut();
    for (const socket of this.#sockets) socket.destroy();
  }

  async #drain(): Promise<void> {
    if (this.#server.listening) {
      await closeListener(this.#server, () => {
        // Only the listener: closing the HTTP server would cut idle connections, into which clients may
        // have sent a request already.
        NetServer.prototype.close.call(this.#server);
      });
    }
    void this.#source?.close(); // what it has handed over is among the connections
    for (const [receiver, , response] of this.#held?.splice(0) ?? []) {
      receiver.onUnaccepted(response);
    }
    clearInterval(this.#idleWatch);
    await Promise.all([this.#closeConnections(), this.#sessions?.drain()]);
    // Whoever is left has not finished the hand-shake of TLS in all that time.
    for (const socket of this.#sockets) socket.destroy();
    clearInterval(this.#sendWatch);
    this.#server.close(() => undefined); // ends its timers
  }

  #createServer(): Server {
    const { tls } = this.#options;
    const sessions = this.#sessions;
    const track = (socket: Socket): void => this.#track(socket);
    if (tls === undefined) {
      const server = createPlainServer(this.#options);
      server.on("connection", track);
      return server;
    }
    const onHttp2 = sessions && ((socket: Socket) => sessions.accept(socket));
    return createTlsServer(this.#options, tls, track, onHttp2);
  }

  /** Counts what is accepted, before any byte is read of it. */
  #count(socket: Socket): void {
    const { maxConnections, tls } = this.#options;
    if (this.#cut) {
      socket.destroy();
      return;
    }
    if (this.#sockets.has(socket)) return; // a request is read anew
    this.#sockets.add(socket);
    socket.on("close", () => {
      this.#sockets.delete(socket);
      this.#sending.forget(socket);
    });
    if (maxConnections === 0 || this.#sockets.size - this.#refusals <= maxConnections) return;
    const connection = Connection.of(socket);
    // Over TLS the answer would come at the price of a hand-shake, which is what a crowd should not get.
    if (tls !== undefined || connection === undefined || this.#refusals >= maxRefusals) {
      socket.destroy();
      return;
    }
    this.#refusals++;
    socket.on("close", () => this.#refusals--);
    connection.close();
    const message = "the server has as many connections as it may have, try again later";
    refuseConnection(socket, new KratosError(503, "TOO_MANY_CONNECTIONS", message));
  }

  #upgrade(request: IncomingMessage, socket: Socket, head: Buffer): void {
    if (Connection.of(socket)?.hasCalls === true || isAnswering(socket)) {
      const message = "what asks for another protocol must wait for the replies that are due";
      refuseSocket(socket, "Bad Request", new KratosError(400, "CODEC", message));
    } else if (asksForWebSocket(request)) {
      this.#receive(request, new UpgradeResponse(request, socket, head));
    } else {
      const event = this.#options.tls === undefined ? "connection" : "secureConnection";
      readAnew(this.#server, event, request, socket, head);
    }
  }

  #track(socket: Socket): void {
    if (this.#cut) {
      socket.destroy();
      return;
    }
    if (Connection.of(socket) !== undefined) return; // a request is read anew
    joinWrites(socket);
    const connection = new Connection(socket);
    this.#connections.add(connection);
    socket.on("close", () => {
      this.#connections.delete(connection);
      connection.lose("client");
    });
  }

  #receive(request: IncomingMessage, response: ServerResponse): void {
    if (admit(request, response)) this.#hold(this.#receiver, request, response);
  }

  #hold(receiver: StreamReceiver, request: IncomingMessage, response: ServerResponse): void {
    if (this.#held === undefined) receiver.onRequest(request, response);
    else if (this.#closed !== undefined) receiver.onUnaccepted(response);
    else this.#held.push([receiver, request, response]);
  }

  /** Closes connections over which nothing has gone for the idle time, and up to a quarter more. */
  #closeQuiet(): void {
    for (const connection of this.#connections) connection.closeWhenQuiet(quietSweeps);
    this.#sessions?.closeQuiet(quietSweeps);
  }

  /** Cuts off whoever has taken nothing of what waits for the send time, and up to a quarter more. */
  #cutStuck(): void {
    for (const socket of this.#sending.find(this.#sockets, quietSweeps)) socket.destroy();
    this.#sessions?.cutStuck(quietSweeps);
  }

  #closeConnections(): Promise<void> {
    return new Promise((resolve) => {
      let patience = handshakeSweeps;
      const isDone = (): boolean => {
        const unsecured = this.#sockets.size - this.#connections.size - (this.#sessions?.size ?? 0);
        if (unsecured > 0 && patience-- > 0) return false;
        return this.#connections.size === 0;
      };
      if (isDone()) {
        resolve();
        return;
      }
      const timer = setInterval(() => {
        for (const connection of this.#connections) connection.closeWhenQuiet(quietSweeps);
        if (!isDone()) return;
        clearInterval(timer);
        resolve();
      }, drainTime / quietSweeps);
    });
  }
}

async function openListener(server: Server, address: ListenAddress): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(address, () => {
      server.off("error", reject);
      resolve();
    });
  });
}

function serveSource(server: Server, source: ConnectionSource): void {
  server.emit("listening"); // Node looks for requests that do not come from then on
  source.open((socket) => {
    socket.allowHalfOpen = true; // as Node has it for what its server accepts
    server.emit("connection", socket);
  });
}

/** Looks often enough to notice what goes on for `time` milliseconds; 0: never. */
function watch(time: number, look: () => void): NodeJS.Timeout | undefined {
  if (time <= 0) return undefined;
  return setInterval(look, Math.min(time / quietSweeps, maxInterval)).unref();
}

/** Whether a request may still be answered on its connection. */
function admit(request: IncomingMessage, response: ServerResponse): boolean {
  return Connection.of(request.socket)?.admit(response) !== false;
}
