import { ConnectionError, ErrorCode } from "./error-code.ts";
import type { Http2Limits } from "./limits.ts";

/** A header block that comes in several frames. */
export class HeaderAssembly {
  readonly id: number;
  readonly endStream: boolean;
  /** The stream may not go on, but the block has to be decoded all the same. */
  readonly selfDependent: boolean;
  readonly #limits: Http2Limits;
  readonly #parts: Uint8Array[] = [];
  #size = 0;

  constructor(limits: Http2Limits, id: number, endStream: boolean, selfDependent: boolean) {
    this.#limits = limits;
    this.id = id;
    this.endStream = endStream;
    this.selfDependent = selfDependent;
  }

  /** Takes a copy of the next part. Throws a {@link ConnectionError} when it is one too many. */
  add(bytes: Uint8Array, start: number, end: number): void {
    this.#size += end - start;
    this.#parts.push(Uint8Array.prototype.slice.call(bytes, start, end));
    const { maxHeaderBlockBytes, maxContinuations } = this.#limits;
    if (this.#size > maxHeaderBlockBytes || this.#parts.length > maxContinuations + 1) {
      const message = "a header block that is too long";
      throw new ConnectionError(ErrorCode.ENHANCE_YOUR_CALM, message, "headers");
    }
  }

  /** The whole block. */
  join(): Uint8Array {
    return Buffer.concat(this.#parts);
  }
}
