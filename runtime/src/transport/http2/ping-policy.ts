import type { ServerKeepalive } from "./server-engine.ts";

/** Pings that come too soon, and are forgiven until the server has something to send again (gRPC-Go: 2). */
const maxStrikes = 2;

/** How far apart pings without a stream have to be where they are not allowed at all (gRPC-Go: 2 hours). */
const idleMinTime = 2 * 60 * 60 * 1000;

/** What the last word to a client is that pings too often; clients of gRPC know this text. */
export const tooManyPings = "too_many_pings";

/** Counts the pings of one client, as gRPC-Go does it: those that come too soon, without a reply in between. */
export class PingPolicy {
  readonly #keepalive: ServerKeepalive;
  #lastPing = Number.NEGATIVE_INFINITY;
  #strikes = 0;
  #forgiven = false;

  constructor(keepalive: ServerKeepalive) {
    this.#keepalive = keepalive;
  }

  /** The server has sent headers or payload: a client may ping to see how fast that goes. */
  forgive(): void {
    this.#forgiven = true;
  }

  /** A ping, at `now` as `performance.now` has it. False: it was one too many, and the client has to go. */
  take(now: number, streams: number): boolean {
    const since = now - this.#lastPing;
    this.#lastPing = now;
    if (this.#forgiven) {
      this.#forgiven = false;
      this.#strikes = 0;
      return true;
    }
    const { minTime, permitWithoutStream } = this.#keepalive;
    const apart = streams === 0 && !permitWithoutStream ? idleMinTime : minTime;
    if (since < apart) this.#strikes++;
    return this.#strikes <= maxStrikes;
  }
}
