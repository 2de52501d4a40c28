import { ConnectionError, ErrorCode } from "./error-code.ts";
import type { Http2Limits } from "./limits.ts";

/** What a connection looks like when its time is checked. */
export interface ConnectionState {
  readonly ending: boolean;
  readonly inHeaders: boolean;
  readonly streams: number;
  /** Bytes of replies that wait for the client. */
  readonly queued: number;
  /** Whether others cannot be served because of such bytes. */
  readonly starving: boolean;
  /** Bytes that the socket has not sent, and those that it has. */
  readonly unsent: number;
  readonly sent: number;
}

/**
 * What to do with a connection: ping it; tell it goodbye since nothing happens, or go on with a goodbye that
 * is not answered; destroy it, for its client is gone; or end it with an error.
 */
export type Verdict = "none" | "ping" | "idle" | "goodbye" | "gone" | ConnectionError;

/** Knows since when a connection has been waiting for something, in steps of the checks. */
export class ConnectionWatch {
  /** The client has sent its settings. */
  established = false;
  /** The client has taken note of ours. */
  settingsKnown = false;
  /** Something came since the last check. */
  active = false;
  /** A ping is not answered yet. */
  pinged = false;
  /** When the first goodbye, and the last byte, were sent; 0: not yet. */
  leavingSince = 0;
  endingSince = 0;
  readonly #limits: Http2Limits;
  readonly #opened = performance.now();
  #headersSince = 0;
  #idleSince = 0;
  #quietSince = performance.now();
  #pingedSince = 0;
  #stuckSince = 0;
  #sent = 0;

  constructor(limits: Http2Limits) {
    this.#limits = limits;
  }

  /** `now` as `performance.now` has it. */
  check(now: number, state: ConnectionState): Verdict {
    const limits = this.#limits;
    if (state.ending) return now - this.endingSince > limits.goodbyeTimeout ? "gone" : "none";
    if (this.#isStuck(now, state)) {
      // Payload may wait for long, as long as nobody else needs the room.
      if (state.unsent > 0) return "gone";
      if (state.starving) {
        return new ConnectionError(ErrorCode.ENHANCE_YOUR_CALM, "replies are not taken");
      }
    }
    const late = this.#checkHandshake(now, state);
    if (late !== undefined) return late;
    if (this.leavingSince > 0 && now - this.leavingSince > limits.goodbyeTimeout) {
      this.leavingSince = 0;
      return "goodbye";
    }
    return this.#checkSilence(now, state);
  }

  #isStuck(now: number, state: ConnectionState): boolean {
    const moving = state.sent !== this.#sent || (state.unsent === 0 && state.queued === 0);
    this.#sent = state.sent;
    if (moving) this.#stuckSince = now;
    return now - this.#stuckSince > this.#limits.stallTimeout;
  }

  #checkHandshake(now: number, state: ConnectionState): ConnectionError | undefined {
    const { handshakeTimeout, headerTimeout } = this.#limits;
    if (!(this.established && this.settingsKnown) && now - this.#opened > handshakeTimeout) {
      const code = this.established ? ErrorCode.SETTINGS_TIMEOUT : ErrorCode.PROTOCOL_ERROR;
      return new ConnectionError(code, "the handshake takes too long");
    }
    if (!state.inHeaders) this.#headersSince = 0;
    else if (this.#headersSince === 0) this.#headersSince = now;
    else if (now - this.#headersSince > headerTimeout) {
      return new ConnectionError(ErrorCode.ENHANCE_YOUR_CALM, "a header block takes too long");
    }
    return undefined;
  }

  #checkSilence(now: number, state: ConnectionState): Verdict {
    const { idleTimeout, keepAliveTime, keepAliveTimeout } = this.#limits;
    if (state.streams > 0) this.#idleSince = 0;
    else if (this.#idleSince === 0) this.#idleSince = now;
    else if (idleTimeout > 0 && now - this.#idleSince > idleTimeout) return "idle";
    if (this.active) {
      this.active = false;
      this.pinged = false;
      this.#quietSince = now;
    } else if (this.pinged) {
      if (now - this.#pingedSince > keepAliveTimeout) return "gone";
    } else if (keepAliveTime > 0 && now - this.#quietSince > keepAliveTime) {
      this.pinged = true;
      this.#pingedSince = now;
      return "ping";
    }
    return "none";
  }
}
