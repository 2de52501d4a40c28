/**
 * Codecs compiled from descriptors: ProtoJSON and protobuf binary.
 * They agree with `@bufbuild/protobuf` and are several times faster.
 */
export type { Codecs, FieldCodec, MessageCodec } from "./codec.ts";
export { compileCodec, compileFieldCodec, createCodecs } from "./codec.ts";
export { CodecError, isCodecError } from "./codec-error.ts";
export type { JsonOptions } from "./json-options.ts";
