import { fromError } from "../errors/from-error.ts";

/**
 * The replies of a streaming call, as its caller iterates them: once. The call begins when the first
 * reply is asked for; `onEnd` is called once, when there is nothing more to come: with true when that is
 * because nobody reads on.
 */
export class ReplyIterable implements AsyncIterableIterator<unknown, undefined> {
  readonly #open: () => Promise<AsyncIterable<unknown>>;
  readonly #onEnd: (early: boolean) => void;
  #opening: Promise<AsyncIterator<unknown>> | undefined;
  #iterator: AsyncIterator<unknown> | undefined;
  #ended = false;

  constructor(open: () => Promise<AsyncIterable<unknown>>, onEnd: (early: boolean) => void) {
    this.#open = open;
    this.#onEnd = onEnd;
  }

  next(): Promise<IteratorResult<unknown, undefined>> {
    if (this.#ended) return Promise.resolve(finished);
    if (this.#iterator !== undefined) return this.#follow(this.#iterator.next());
    this.#opening ??= this.#begin();
    return this.#follow(this.#opening.then((iterator) => iterator.next()));
  }

  /** Cancels the call, unless it has ended. */
  async return(): Promise<IteratorResult<unknown, undefined>> {
    if (!this.#ended) {
      this.#end(true);
      // A call that is only being opened ends as soon as it can.
      if (this.#iterator === undefined) {
        this.#opening?.then((iterator) => iterator.return?.()).catch(() => undefined);
        return finished;
      }
      try {
        await this.#iterator.return?.();
      } catch (error) {
        throw fromError(error);
      }
    }
    return finished;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async #begin(): Promise<AsyncIterator<unknown>> {
    const replies = await this.#open();
    this.#iterator = replies[Symbol.asyncIterator]();
    return this.#iterator;
  }

  #follow(
    step: Promise<IteratorResult<unknown, unknown>>,
  ): Promise<IteratorResult<unknown, undefined>> {
    return step.then(
      (result) => {
        if (result.done !== true) return result;
        this.#end(false);
        return finished;
      },
      (error: unknown) => {
        this.#end(false);
        throw fromError(error);
      },
    );
  }

  #end(early: boolean): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#onEnd(early);
  }
}

const finished: IteratorReturnResult<undefined> = { done: true, value: undefined };
