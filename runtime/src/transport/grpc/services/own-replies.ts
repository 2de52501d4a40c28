import type { MessageFormat } from "../protocol/message-format.ts";

/** Replies of a server stream, and how they are written. */
interface OpenReplies {
  readonly replies: AsyncIterator<unknown>;
  readonly format: MessageFormat;
}

/**
 * Replies as frames. No generator, since one that waits for a reply cannot be ended, and watches may wait for ever.
 */
export class OwnReplies implements AsyncIterableIterator<Uint8Array, undefined> {
  readonly #open: Promise<OpenReplies>;

  constructor(open: Promise<OpenReplies>) {
    this.#open = open;
  }

  async next(): Promise<IteratorResult<Uint8Array, undefined>> {
    const { replies, format } = await this.#open;
    const step = await replies.next();
    return step.done === true
      ? { done: true, value: undefined }
      : { done: false, value: format.encode(step.value) };
  }

  async return(): Promise<IteratorResult<Uint8Array, undefined>> {
    const { replies } = await this.#open;
    await replies.return?.();
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
