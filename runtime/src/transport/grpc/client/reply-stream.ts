import { KratosError } from "../../../errors/kratos-error.ts";
import type { ClientCall, ReplySink } from "./client-call.ts";
import { MessageQueue } from "../../message-queue.ts";

/** The replies of a call that streams them. */
export class ReplyStream implements ReplySink {
  readonly #queue: MessageQueue;
  #call: ClientCall | undefined;

  constructor() {
    this.#queue = new MessageQueue(
      { pause: () => this.#call?.pause(), resume: () => this.#call?.resume() },
      () =>
        this.#call?.cancel(
          new KratosError(499, "CLIENT_CLOSED", "the replies were read no further"),
        ),
    );
  }

  /** The replies as they arrive; reading no further cancels `call`. */
  readFrom(call: ClientCall): AsyncIterable<unknown> {
    this.#call = call;
    return this.#queue;
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
}
