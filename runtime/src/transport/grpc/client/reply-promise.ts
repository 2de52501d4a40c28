import { GrpcCode } from "../../../errors/grpc-code.ts";
import type { KratosError } from "../../../errors/kratos-error.ts";
import { fromGrpcStatus } from "../../../errors/status-details.ts";
import type { ReplySink } from "./client-call.ts";

/** The reply of a call that has one. */
export class ReplyPromise implements ReplySink {
  readonly promise: Promise<unknown>;
  #resolve: (reply: unknown) => void = () => {};
  #reject: (error: KratosError) => void = () => {};
  #reply: unknown = undefined;
  #count = 0;

  constructor() {
    this.promise = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  push(reply: unknown): void {
    this.#count++;
    this.#reply = reply;
  }

  end(): void {
    if (this.#count === 1) this.#resolve(this.#reply);
    else {
      const text = `the method gives one reply, the server sent ${this.#count}`;
      this.#reject(fromGrpcStatus(GrpcCode.UNIMPLEMENTED, text));
    }
  }

  fail(error: KratosError): void {
    this.#reject(error);
  }
}
