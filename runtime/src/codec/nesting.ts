import { CodecError } from "./codec-error.ts";

/** Messages nested deeper than this are refused, as by other implementations of protobuf. */
const DEPTH_LIMIT = 100;

/** Throws {@link CodecError} where a message, list or object is nested too deep; the outermost is at 1. */
export function checkDepth(depth: number): void {
  if (depth > DEPTH_LIMIT) throw new CodecError(`nested more than ${DEPTH_LIMIT} messages deep`);
}
