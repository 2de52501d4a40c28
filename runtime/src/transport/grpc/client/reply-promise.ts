import { GrpcCode } from "../../../errors/grpc-code.ts";
import type { KratosError } from "../../../errors/kratos-error.ts";
import { fromGrpcStatus } from "../../../errors/status-details.ts";
import { GrpcFailure } from "../protocol/status.ts";
import type { ReplySink } from "./client-call.ts";

/** The reply of a call that has one. */
export class ReplyPromise implements ReplySink {
  readonly promise: Promise<unknown>;
  #resolve: (reply: unknown) => void = () => {};
  #reject: (error: KratosError) => void = () => {};
  #reply: unknown = undefined;
  #replied = false;

  constructor() {
    this.promise = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  push(reply: unknown): void {
    if (this.#replied) {
      const text = "the method gives one reply, the server sent more";
      throw new GrpcFailure(GrpcCode.UNIMPLEMENTED, text);
    }
    this.#replied = true;
    this.#reply = reply;
  }

  end(): void {
    if (this.#replied) this.#resolve(this.#reply);
    else {
      const text = "the method gives one reply, the server sent none";
      this.#reject(fromGrpcStatus(GrpcCode.UNIMPLEMENTED, text));
    }
  }

  fail(error: KratosError): void {
    this.#reject(error);
  }
}
