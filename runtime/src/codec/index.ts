/**
 * Codecs compiled from descriptors: ProtoJSON and protobuf binary.
 * They agree with `@bufbuild/protobuf` and are several times faster.
 */
export type { FieldCodec, MessageCodec } from "./codec.ts";
export { compileCodec, compileFieldCodec } from "./codec.ts";
export { CodecError, isCodecError } from "./codec-error.ts";
export type { JsonOptions } from "./json-options.ts";
