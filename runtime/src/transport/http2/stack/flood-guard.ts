import { ConnectionError, ErrorCode } from "./error-code.ts";
import { FloodCounter } from "./flood-counter.ts";
import type { Http2Limits } from "./limits.ts";
import type { Sender } from "./sender.ts";

/** WINDOW_UPDATE and PING frames that a client may send for each frame that it got. */
const controlsPerFrame = 10;

/** Counts what costs a server work and a client nothing; throws when it is too much. */
export class FloodGuard {
  readonly #sender: Sender;
  readonly #controls: FloodCounter;
  readonly #resets: FloodCounter;
  #framesCredited = 0;

  constructor(limits: Http2Limits, sender: Sender) {
    this.#sender = sender;
    this.#controls = new FloodCounter(limits.controlBurst, limits.controlsPerSecond);
    this.#resets = new FloodCounter(limits.resetBurst, limits.resetsPerSecond);
  }

  /** A frame without payload. */
  countControl(): void {
    const { framesSent } = this.#sender;
    if (framesSent !== this.#framesCredited) {
      this.#controls.allow((framesSent - this.#framesCredited) * controlsPerFrame);
      this.#framesCredited = framesSent;
    }
    if (!this.#controls.take()) {
      throw calm("too many frames without payload", "controls");
    }
  }

  /** A stream that was reset, by the client or for what it did. */
  countReset(): void {
    if (!this.#resets.take()) throw calm("too many streams were reset", "resets");
  }
}

function calm(message: string, limit: "controls" | "resets"): ConnectionError {
  return new ConnectionError(ErrorCode.ENHANCE_YOUR_CALM, message, limit);
}
