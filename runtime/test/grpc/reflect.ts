import {
  create,
  createFileRegistry,
  type FileRegistry,
  fromBinary,
  type MessageInitShape,
} from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema, FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import type { GrpcMethod } from "../../src/transport/method.ts";
import {
  ServerReflectionRequestSchema,
  type ServerReflectionResponse,
  ServerReflectionResponseSchema,
} from "../../src/transport/grpc/services/protos/grpc/reflection/v1/reflection_pb.ts";
import { createClient } from "./kratos-peer.ts";

/** What a client may ask of reflection. */
export type Question = NonNullable<
  MessageInitShape<typeof ServerReflectionRequestSchema>["messageRequest"]
>;

function info(
  version: string,
): GrpcMethod<
  typeof ServerReflectionRequestSchema,
  typeof ServerReflectionResponseSchema,
  "bidiStreaming"
> {
  return {
    operation: `/grpc.reflection.${version}.ServerReflection/ServerReflectionInfo`,
    kind: "bidiStreaming",
    input: ServerReflectionRequestSchema,
    output: ServerReflectionResponseSchema,
  };
}

/** Asks all of it on one stream. */
export async function reflect(
  address: string,
  questions: readonly Question[],
  version = "v1",
): Promise<ServerReflectionResponse[]> {
  const ask = createClient(address).method(info(version));
  const replies: ServerReflectionResponse[] = [];
  const requests = (async function* () {
    for (const messageRequest of questions) yield { host: "here", messageRequest };
  })();
  for await (const reply of ask(requests)) replies.push(reply);
  return replies;
}

/** Asks once on a stream that stays open; calls `onReply` when the answer is there. */
export async function askForever(
  address: string,
  signal: AbortSignal,
  onReply: () => void,
): Promise<void> {
  const requests = (async function* () {
    yield { messageRequest: { case: "listServices", value: "" } as const };
    await new Promise(() => undefined);
  })();
  const replies = createClient(address).method(info("v1"))(requests, { signal });
  for await (const reply of replies) if (reply.validHost === "") onReply();
}

/** The names of the files in an answer. */
export function fileNames({ messageResponse }: ServerReflectionResponse): string[] {
  if (messageResponse.case !== "fileDescriptorResponse") return [];
  const { fileDescriptorProto } = messageResponse.value;
  return fileDescriptorProto.map((bytes) => fromBinary(FileDescriptorProtoSchema, bytes).name);
}

/** What a client makes of the files in these answers. */
export function readFiles(replies: readonly ServerReflectionResponse[]): FileRegistry {
  const file = replies.flatMap(({ messageResponse }) =>
    messageResponse.case === "fileDescriptorResponse"
      ? messageResponse.value.fileDescriptorProto.map((bytes) =>
          fromBinary(FileDescriptorProtoSchema, bytes),
        )
      : [],
  );
  return createFileRegistry(create(FileDescriptorSetSchema, { file: file.toReversed() }));
}
