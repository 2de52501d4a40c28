import { KratosError } from "../../../errors/kratos-error.ts";
import { MessageQueue } from "../../message-queue.ts";
import type { ClientCall, ReplySink } from "./client-call.ts";
import { toReplyError } from "./client-error.ts";
import type { ClientMethod } from "./client-method.ts";
import { PackedReply } from "./packed-reply.ts";

/** The replies of a call that streams them, for one reader. */
export class ReplyStream implements ReplySink, AsyncIterableIterator<unknown, undefined> {
  readonly #method: ClientMethod;
  readonly #queue: MessageQueue;
  /** Whether replies may come compressed; until that is known they may. */
  #packed = true;
  #call: ClientCall | undefined;

  constructor(method: ClientMethod) {
    this.#method = method;
    this.#queue = new MessageQueue(
      { pause: () => this.#call?.pause(), resume: () => this.#call?.resume() },
      () => this.#call?.cancel(readNoFurther()),
    );
  }

  /** The replies as they arrive; reading no further cancels `call`. */
  readFrom(call: ClientCall): AsyncIterable<unknown> {
    this.#call = call;
    return this;
  }

  begin(packed: boolean): void {
    this.#packed = packed;
  }

  push(reply: unknown, bytes: number): void {
    this.#queue.push(reply, bytes);
  }

  end(): void {
    this.#queue.end();
  }

  fail(error: KratosError): void {
    this.#queue.fail(error);
  }

  next(): Promise<IteratorResult<unknown, undefined>> {
    const step = this.#queue.next();
    return this.#packed ? this.#unpackNext(step) : step;
  }

  return(): Promise<IteratorResult<unknown, undefined>> {
    return this.#queue.return();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async #unpackNext(
    next: Promise<IteratorResult<unknown, undefined>>,
  ): Promise<IteratorResult<unknown, undefined>> {
    const step = await next;
    if (step.done === true || !(step.value instanceof PackedReply)) return step;
    try {
      return { done: false, value: await this.#method.unpack(step.value.bytes) };
    } catch (error) {
      const failure = toReplyError(error);
      this.#call?.cancel(failure);
      void this.#queue.return();
      throw failure;
    }
  }
}

function readNoFurther(): KratosError {
  return new KratosError(499, "CLIENT_CLOSED", "the replies were read no further");
}
