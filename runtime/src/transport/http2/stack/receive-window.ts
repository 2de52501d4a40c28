import type { ByteBudget } from "./byte-budget.ts";
import { ConnectionError, ErrorCode } from "./error-code.ts";
import { defaultWindow } from "./frame.ts";
import type { Sender } from "./sender.ts";

/**
 * What a client may send on all streams together. Bytes count as taken as soon as they are here, so that a
 * paused stream holds up no other; only when paused streams hold too much is credit withheld.
 */
export class ReceiveWindow {
  readonly #sender: Sender;
  readonly #held: ByteBudget;
  readonly #size: number;
  #left: number;
  #unacknowledged = 0;

  /** `size` in bytes, at least 65535; the client has to be told with {@link announce}. */
  constructor(sender: Sender, held: ByteBudget, size: number) {
    this.#sender = sender;
    this.#held = held;
    this.#size = size;
    this.#left = size;
  }

  announce(): void {
    if (this.#size > defaultWindow) this.#sender.sendWindowUpdate(0, this.#size - defaultWindow);
  }

  /** Throws a {@link ConnectionError} when the client sends more than it may. */
  take(bytes: number): void {
    this.#left -= bytes;
    if (this.#left < 0) {
      throw new ConnectionError(ErrorCode.FLOW_CONTROL_ERROR, "DATA beyond the connection window");
    }
  }

  credit(bytes: number): void {
    this.#unacknowledged += bytes;
    this.update();
  }

  /** Tells the client when that is worth a frame, and possible. */
  update(): void {
    if (this.#unacknowledged * 2 < this.#size) return;
    // Who holds nothing would never be told that others have let go.
    if (this.#held.used > 0 && this.#held.exhausted) return;
    this.#sender.sendWindowUpdate(0, this.#unacknowledged);
    this.#left += this.#unacknowledged;
    this.#unacknowledged = 0;
  }
}
