import { isCodecError } from "../../../codec/codec-error.ts";
import { GrpcCode } from "../../../errors/grpc-code.ts";
import { KratosError } from "../../../errors/kratos-error.ts";
import { FrameError } from "../protocol/frame.ts";
import { GrpcFailure } from "../protocol/status.ts";

/** The failure that a client is told when what it sent could not be read. */
export function toRequestFailure(error: unknown): unknown {
  if (isCodecError(error)) return new KratosError(400, "CODEC", error.message, { cause: error });
  if (error instanceof FrameError) {
    const code = error.problem === "tooLarge" ? GrpcCode.RESOURCE_EXHAUSTED : GrpcCode.INTERNAL;
    return new GrpcFailure(code, error.message);
  }
  return error;
}

/** A method that takes one request got another number of them. */
export function cardinalityFailure(got: string): GrpcFailure {
  return new GrpcFailure(GrpcCode.UNIMPLEMENTED, `the method takes one request, got ${got}`);
}
