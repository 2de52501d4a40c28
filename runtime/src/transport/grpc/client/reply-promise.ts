import { GrpcCode } from "../../../errors/grpc-code.ts";
import type { KratosError } from "../../../errors/kratos-error.ts";
import { fromGrpcStatus } from "../../../errors/status-details.ts";
import { GrpcFailure } from "../protocol/status.ts";
import type { ReplySink } from "./client-call.ts";
import { toReplyError } from "./client-error.ts";
import type { ClientMethod } from "./client-method.ts";
import { PackedReply } from "./packed-reply.ts";

/** The reply of a call that has one. */
export class ReplyPromise implements ReplySink {
  readonly promise: Promise<unknown>;
  #resolve: (reply: unknown) => void = () => {};
  #reject: (error: KratosError) => void = () => {};
  #reply: unknown = undefined;
  #replied = false;

  readonly #method: ClientMethod;

  constructor(method: ClientMethod) {
    this.#method = method;
    this.promise = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  begin(): void {}

  push(reply: unknown): void {
    if (this.#replied) {
      const text = "the method gives one reply, the server sent more";
      throw new GrpcFailure(GrpcCode.UNIMPLEMENTED, text);
    }
    this.#replied = true;
    this.#reply = reply;
  }

  end(): void {
    if (!this.#replied) {
      const text = "the method gives one reply, the server sent none";
      this.#reject(fromGrpcStatus(GrpcCode.UNIMPLEMENTED, text));
    } else if (this.#reply instanceof PackedReply) {
      void this.#unpack(this.#reply);
    } else {
      this.#resolve(this.#reply);
    }
  }

  fail(error: KratosError): void {
    this.#reject(error);
  }

  async #unpack({ bytes }: PackedReply): Promise<void> {
    try {
      this.#resolve(await this.#method.unpack(bytes));
    } catch (error) {
      this.#reject(toReplyError(error));
    }
  }
}
