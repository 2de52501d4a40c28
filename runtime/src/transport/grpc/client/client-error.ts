import { isCodecError } from "../../../codec/codec-error.ts";
import { fromError } from "../../../errors/from-error.ts";
import { GrpcCode } from "../../../errors/grpc-code.ts";
import { KratosError } from "../../../errors/kratos-error.ts";
import { fromGrpcStatus } from "../../../errors/status-details.ts";
import { textOf } from "../../../errors/text-of.ts";
import { FrameError } from "../protocol/frame.ts";
import { GrpcFailure } from "../protocol/status.ts";

/** The caller's own fault: what it sends is not what the method takes, or its iterable threw. */
export function toRequestError(error: unknown): KratosError {
  if (isCodecError(error)) return new KratosError(400, "CODEC", error.message, { cause: error });
  if (error instanceof GrpcFailure) return toKratosError(error);
  return fromError(error);
}

/** The server's fault: what it sent could not be read. */
export function toReplyError(error: unknown): KratosError {
  if (error instanceof GrpcFailure) return toKratosError(error);
  if (error instanceof FrameError) {
    const code = error.problem === "tooLarge" ? GrpcCode.RESOURCE_EXHAUSTED : GrpcCode.INTERNAL;
    return fromGrpcStatus(code, error.message).withCause(error);
  }
  if (error instanceof KratosError) return error;
  const text = textOf(error);
  return new KratosError(500, "CODEC", `the reply cannot be read: ${text}`, { cause: error });
}

/** An answer that is none of gRPC. */
export function contentTypeError(contentType: string | undefined): KratosError {
  const what = contentType === undefined ? "no content-type" : `content-type "${contentType}"`;
  const text = `the server answered with ${what}, is it a gRPC server?`;
  return fromGrpcStatus(GrpcCode.UNKNOWN, text);
}

function toKratosError(failure: GrpcFailure): KratosError {
  return fromGrpcStatus(failure.code, failure.message).withCause(failure);
}
