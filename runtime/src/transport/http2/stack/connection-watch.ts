import { spreadAge } from "../connection-age.ts";
import type { ServerEngineOptions } from "../server-engine.ts";
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
 * What to do with a connection: `ping` it; tell it to `leave`, or go on with a goodbye that is not answered
 * (`refuse`); cut it off since it is too `old`; destroy it, for its client is `gone`, `silent` or takes nothing
 * (`stuck`); or end it with an error.
 */
export type Verdict =
  "none" | "ping" | "leave" | "refuse" | "old" | "gone" | "silent" | "stuck" | ConnectionError;

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
  readonly #options: ServerEngineOptions;
  readonly #maxAge: number;
  readonly #opened = performance.now();
  #headersSince = 0;
  #idleSince = 0;
  #agedSince = 0;
  #quietSince = performance.now();
  #pingedSince = 0;
  #stuckSince = performance.now();
  #sent = 0;

  constructor(limits: Http2Limits, options: ServerEngineOptions) {
    this.#limits = limits;
    this.#options = options;
    this.#maxAge = spreadAge(options.maxConnectionAge);
  }

  /** `now` as `performance.now` has it. */
  check(now: number, state: ConnectionState): Verdict {
    const limits = this.#limits;
    if (state.ending) return now - this.endingSince > limits.goodbyeTimeout ? "gone" : "none";
    if (this.#isStuck(now, state)) {
      // Payload may wait for long, as long as nobody else needs the room.
      if (state.unsent > 0) return "stuck";
      if (state.starving) {
        const message = "replies are not taken";
        return new ConnectionError(ErrorCode.ENHANCE_YOUR_CALM, message, "memory");
      }
    }
    const late = this.#checkHandshake(now, state);
    if (late !== undefined) return late;
    if (this.leavingSince > 0 && now - this.leavingSince > limits.goodbyeTimeout) {
      this.leavingSince = 0;
      return "refuse";
    }
    const end = this.#checkAge(now, state);
    return end === "none" ? this.#checkSilence(now) : end;
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
      return new ConnectionError(code, "the handshake takes too long", "silence");
    }
    if (!state.inHeaders) this.#headersSince = 0;
    else if (this.#headersSince === 0) this.#headersSince = now;
    else if (now - this.#headersSince > headerTimeout) {
      const message = "a header block takes too long";
      return new ConnectionError(ErrorCode.ENHANCE_YOUR_CALM, message, "headers");
    }
    return undefined;
  }

  #checkAge(now: number, state: ConnectionState): "none" | "leave" | "old" {
    const { maxConnectionIdle, maxConnectionAgeGrace } = this.#options;
    if (this.#agedSince > 0) {
      const isOld = maxConnectionAgeGrace > 0 && now - this.#agedSince >= maxConnectionAgeGrace;
      return isOld ? "old" : "none";
    }
    if (this.#maxAge > 0 && now - this.#opened >= this.#maxAge) {
      this.#agedSince = now;
      return "leave";
    }
    if (state.streams > 0) this.#idleSince = 0;
    else if (this.#idleSince === 0) this.#idleSince = now;
    else if (maxConnectionIdle > 0 && now - this.#idleSince >= maxConnectionIdle) return "leave";
    return "none";
  }

  #checkSilence(now: number): Verdict {
    const { time, timeout } = this.#options.keepalive;
    if (this.active) {
      this.active = false;
      this.pinged = false;
      this.#quietSince = now;
    } else if (this.pinged) {
      if (now - this.#pingedSince > timeout) return "silent";
    } else if (time > 0 && now - this.#quietSince >= time) {
      this.pinged = true;
      this.#pingedSince = now;
      return "ping";
    }
    return "none";
  }
}
