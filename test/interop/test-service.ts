import type { MessageInitShape } from "@bufbuild/protobuf";
import { type CallContext, fromGrpcCode, type GrpcCode, KratosError } from "@kratos-ts/runtime";
import type { GrpcRouter } from "@kratos-ts/runtime";
import { isGrpcServerContext } from "@kratos-ts/runtime/grpc";
import { setTimeout as delay } from "node:timers/promises";
import {
  TestServiceEmptyCallMethod,
  TestServiceFullDuplexCallMethod,
  TestServiceHalfDuplexCallMethod,
  TestServiceStreamingInputCallMethod,
  TestServiceStreamingOutputCallMethod,
  TestServiceUnaryCallMethod,
} from "./proto/grpc/testing/test_grpc.ts";
import type {
  EchoStatus,
  SimpleRequest,
  SimpleResponseSchema,
  StreamingOutputCallRequest,
  StreamingOutputCallResponseSchema,
} from "./proto/grpc/testing/test_pb.ts";

type StreamReply = MessageInitShape<typeof StreamingOutputCallResponseSchema>;

/** Registers gRPC's own test service, without the method that no server has. */
export function registerTestService(router: GrpcRouter): void {
  router.handle(TestServiceEmptyCallMethod, () => ({}));
  router.handle(TestServiceUnaryCallMethod, answer);
  router.handle(TestServiceStreamingOutputCallMethod, answerAll);
  router.handle(TestServiceStreamingInputCallMethod, async (requests) => {
    let aggregatedPayloadSize = 0;
    for await (const { payload } of requests) aggregatedPayloadSize += payload?.body.length ?? 0;
    return { aggregatedPayloadSize };
  });
  router.handle(TestServiceFullDuplexCallMethod, async function* (requests, context) {
    echoMetadata(context);
    for await (const request of requests) {
      failAsTold(request.responseStatus);
      yield* answerAll(request, context);
    }
  });
  router.handle(TestServiceHalfDuplexCallMethod, async function* (requests, context) {
    const all: StreamingOutputCallRequest[] = [];
    for await (const request of requests) all.push(request);
    for (const request of all) yield* answerAll(request, context);
  });
}

function answer(
  { responseSize, responseStatus, fillServerId }: SimpleRequest,
  context: CallContext,
): MessageInitShape<typeof SimpleResponseSchema> {
  echoMetadata(context);
  failAsTold(responseStatus);
  return {
    payload: { body: new Uint8Array(responseSize) },
    ...(fillServerId && { serverId: "kratos-ts" }),
  };
}

async function* answerAll(
  { responseParameters }: StreamingOutputCallRequest,
  { signal }: CallContext,
): AsyncIterable<StreamReply> {
  for (const { size, intervalUs } of responseParameters) {
    if (intervalUs > 0) await delay(intervalUs / 1000, undefined, { signal }); // oxlint-disable-line no-await-in-loop -- so far apart
    yield { payload: { body: new Uint8Array(size) } };
  }
}

function echoMetadata(context: CallContext): void {
  if (!isGrpcServerContext(context)) return;
  const { requestHeader, replyHeader, replyTrailer } = context;
  const initial = requestHeader.get("x-grpc-test-echo-initial");
  if (initial !== undefined) replyHeader.set("x-grpc-test-echo-initial", initial);
  const trailing = requestHeader.get("x-grpc-test-echo-trailing-bin");
  if (trailing !== undefined) replyTrailer.set("x-grpc-test-echo-trailing-bin", trailing);
}

function failAsTold(status: EchoStatus | undefined): void {
  if (status === undefined || status.code === 0) return;
  throw new KratosError(fromGrpcCode(status.code), "", status.message, {
    grpcCode: status.code as GrpcCode,
  });
}
