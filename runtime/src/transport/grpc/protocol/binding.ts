import type { DescMessage } from "@bufbuild/protobuf";
import type { Codecs } from "../../../codec/index.ts";
import type { Handler } from "../../../middleware/middleware.ts";
import type { OperationMiddleware } from "../../../middleware/operation-middleware.ts";
import { chain } from "../../../middleware/middleware.ts";
import type { GrpcMethod, MethodKind } from "../../method.ts";
import type { MessageFormats } from "./message-format.ts";
import { compileFormats } from "./message-format.ts";

/** A method that is served, with everything that can be known before a call. */
export interface GrpcBinding {
  readonly operation: string;
  readonly kind: MethodKind;
  /** Whether its proto promises that it changes nothing, so that it may be called by GET. Absent: no. */
  readonly safe?: boolean;
  readonly formats: MessageFormats;
  /** The user's handler in its middleware. */
  readonly handler: Handler;
}

/** Compiles the codecs of a method. The middleware is put around its handler by {@link wrapBinding}. */
export function compileBinding(
  method: GrpcMethod<DescMessage, DescMessage>,
  handler: Handler,
  codecs: Codecs,
): GrpcBinding {
  return {
    operation: method.operation,
    kind: method.kind,
    safe: method.kind === "unary" && method.idempotency === "noSideEffects",
    formats: compileFormats(codecs, method.input, method.output),
    handler,
  };
}

/** The binding with its middleware, composed once. */
export function wrapBinding(binding: GrpcBinding, middleware: OperationMiddleware): GrpcBinding {
  const handler = chain(...middleware.match(binding.operation))(binding.handler);
  return { ...binding, handler };
}
