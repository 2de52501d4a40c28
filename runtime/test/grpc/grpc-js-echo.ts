import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import type { DescMessage, MessageInitShape, MessageShape } from "@bufbuild/protobuf";
import type { MethodDefinition } from "@grpc/grpc-js";
import { EchoReplySchema, EchoRequestSchema } from "./echo-schema.ts";

/** A request as the tests write it. */
export type RequestInit = MessageInitShape<typeof EchoRequestSchema>;
/** A reply as the tests write it. */
export type ReplyInit = MessageInitShape<typeof EchoReplySchema>;

function serializer<D extends DescMessage>(desc: D): (value: MessageInitShape<D>) => Buffer {
  return (value) => Buffer.from(toBinary(desc, create(desc, value)));
}

function deserializer<D extends DescMessage>(desc: D): (bytes: Buffer) => MessageShape<D> {
  return (bytes) => fromBinary(desc, bytes);
}

function define(
  name: string,
  requestStream: boolean,
  responseStream: boolean,
): MethodDefinition<RequestInit, ReplyInit> {
  return {
    path: `/test.echo.v1.EchoService/${name}`,
    requestStream,
    responseStream,
    requestSerialize: serializer(EchoRequestSchema),
    requestDeserialize: deserializer(EchoRequestSchema),
    responseSerialize: serializer(EchoReplySchema),
    responseDeserialize: deserializer(EchoReplySchema),
  };
}

/** The test's service as `@grpc/grpc-js` wants it. */
export const echoDefinition = {
  Echo: define("Echo", false, false),
  Repeat: define("Repeat", false, true),
  Collect: define("Collect", true, false),
  Chat: define("Chat", true, true),
};
