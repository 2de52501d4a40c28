import { isPromise } from "../../../middleware/is-promise.ts";
import { ServerCall } from "./server-call.ts";
import { cardinalityFailure } from "./request-failure.ts";

/** A call with one request and one reply. */
export class UnaryCall extends ServerCall {
  #request: unknown = undefined;

  protected override receive(message: unknown): void {
    if (this.#request !== undefined) throw cardinalityFailure("more than one request");
    this.#request = message;
  }

  protected override receiveEnd(): void {
    if (this.#request === undefined) throw cardinalityFailure("no request");
    const request = this.#request;
    let reply: unknown;
    try {
      reply = this.binding.handler(request, this.context);
      if (isPromise(reply)) {
        this.busy = true;
        reply.then(
          (value) => {
            this.busy = false;
            this.#reply(value);
          },
          (error: unknown) => {
            this.busy = false;
            this.fail(error);
          },
        );
        return;
      }
    } catch (error) {
      this.busy = false;
      this.fail(error);
      return;
    }
    this.#reply(reply);
  }

  protected override release(): void {}

  #reply(reply: unknown): void {
    if (this.done) return;
    let frame: Uint8Array | Promise<Uint8Array>;
    try {
      frame = this.encode(reply);
    } catch (error) {
      this.fail(error);
      return;
    }
    if (frame instanceof Promise) {
      frame.then(
        (packed) => this.succeed(packed),
        (error: unknown) => this.fail(error),
      );
      return;
    }
    this.succeed(frame);
  }
}
