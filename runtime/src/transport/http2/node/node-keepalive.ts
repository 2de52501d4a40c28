import type { ClientHttp2Session } from "node:http2";
import type { ClientKeepalive } from "../client-engine.ts";

/** What a connection that is kept alive tells of itself. */
export interface KeptConnection {
  readonly openStreams: number;
  /** Grows with everything that the server sends. */
  readonly received: number;
  /** Cuts the connection, for this reason. */
  fail(error: Error): void;
}

/** Milliseconds between pings that are sent because calls had no answer in time. */
const probeInterval = 10_000;

/** Milliseconds without a word after which it is looked whether pings still leave, and how long that takes them. */
const stuckTime = 3000;
const leaveTime = 100;

/**
 * Finds out whether a server is still there, by pings: in regular turns where that is asked for, and when a
 * call had no answer in time.
 */
export class NodeKeepalive {
  readonly #session: ClientHttp2Session;
  readonly #connection: KeptConnection;
  readonly #options: ClientKeepalive;
  #timer: NodeJS.Timeout | undefined;
  #received = 0;
  #pinging = false;
  #probedAt = Number.NEGATIVE_INFINITY;

  constructor(session: ClientHttp2Session, connection: KeptConnection, options: ClientKeepalive) {
    this.#session = session;
    this.#connection = connection;
    this.#options = options;
    if (options.permitWithoutStream) this.wake();
  }

  /** There is a stream again. */
  wake(): void {
    if (this.#options.time > 0 && this.#timer === undefined) this.#schedule();
  }

  /** Asks now, unless that was done a moment ago: servers take many pings for an attack. */
  probe(): void {
    const now = performance.now();
    if (now - this.#probedAt < probeInterval) return;
    this.#probedAt = now;
    this.#ping();
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #schedule(): void {
    this.#received = this.#connection.received;
    this.#timer = setTimeout(look, this.#options.time, this).unref();
  }

  /** The time is over; has the server said anything? */
  look(): void {
    this.#timer = undefined;
    const { openStreams, received } = this.#connection;
    if (openStreams === 0 && !this.#options.permitWithoutStream) return;
    if (received === this.#received) this.#ping();
    this.#schedule();
  }

  #ping(): void {
    const session = this.#session;
    if (this.#pinging || session.destroyed) return;
    this.#pinging = true;
    const { received } = this.#connection;
    const timer = setTimeout(giveUp, this.#options.timeout, this.#connection).unref();
    const stuckTimer = setTimeout(() => this.#checkStuck(received), stuckTime).unref();
    const stop = (): void => {
      this.#pinging = false;
      clearTimeout(timer);
      clearTimeout(stuckTimer);
    };
    if (!session.ping(stop)) stop();
  }

  /**
   * Finds connections on which HTTP/2 has given up, as it does for headers that it cannot decode: Node then reads and
   * writes no more, without a word, and does not see that the server has closed its end. A ping stays in the queue,
   * until something else is sent and both are dropped.
   */
  #checkStuck(received: number): void {
    const session = this.#session;
    if (session.destroyed || this.#connection.received !== received) return;
    session.ping(ignore);
    setTimeout(() => {
      if (session.destroyed || this.#connection.received !== received) return;
      if ((session.state.outboundQueueSize ?? 0) === 0) return;
      this.#connection.fail(new Error("the connection neither sends nor reads any more"));
    }, leaveTime).unref();
  }
}

function ignore(): void {}

function look(keepalive: NodeKeepalive): void {
  keepalive.look();
}

function giveUp(connection: KeptConnection): void {
  connection.fail(new Error("the server does not answer pings"));
}
