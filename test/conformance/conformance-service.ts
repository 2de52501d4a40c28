import { create, type DescMessage, type Message, type MessageInitShape } from "@bufbuild/protobuf";
import { anyPack } from "@bufbuild/protobuf/wkt";
import { type CallContext, fromGrpcCode, type GrpcCode, KratosError } from "@kratos-ts/runtime";
import { isGrpcServerContext } from "@kratos-ts/runtime/grpc";
import { setTimeout as delay } from "node:timers/promises";
import type { ConformanceServiceGrpcServer } from "./proto/connectrpc/conformance/v1/service_grpc.ts";
import {
  type BidiStreamRequest,
  BidiStreamRequestSchema,
  type ClientStreamRequest,
  ClientStreamRequestSchema,
  type ConformancePayload_RequestInfo,
  ConformancePayload_RequestInfoSchema,
  ConformancePayloadSchema,
  type Error as ErrorDefinition,
  type IdempotentUnaryRequest,
  IdempotentUnaryRequestSchema,
  type ServerStreamRequest,
  ServerStreamRequestSchema,
  type StreamResponseDefinition,
  type UnaryRequest,
  UnaryRequestSchema,
  type UnaryResponseDefinition,
} from "./proto/connectrpc/conformance/v1/service_pb.ts";

/** The shape that all replies share. */
interface Reply {
  readonly payload: MessageInitShape<typeof ConformancePayloadSchema>;
}

/** Does what its requests tell it to, and says what it has seen of them. */
export class ConformanceService implements Omit<ConformanceServiceGrpcServer, "unimplemented"> {
  unary(request: UnaryRequest, context: CallContext): Promise<Reply> {
    const info = describeRequests(context, UnaryRequestSchema, [request]);
    return answer(request.responseDefinition, info, context);
  }

  idempotentUnary(request: IdempotentUnaryRequest, context: CallContext): Promise<Reply> {
    const info = describeRequests(context, IdempotentUnaryRequestSchema, [request]);
    return answer(request.responseDefinition, info, context);
  }

  async clientStream(
    requests: AsyncIterable<ClientStreamRequest>,
    context: CallContext,
  ): Promise<Reply> {
    const all = await readAll(requests);
    const info = describeRequests(context, ClientStreamRequestSchema, all);
    return answer(all[0]?.responseDefinition, info, context);
  }

  async *serverStream(request: ServerStreamRequest, context: CallContext): AsyncIterable<Reply> {
    const info = describeRequests(context, ServerStreamRequestSchema, [request]);
    yield* answerAll(request.responseDefinition, info, context);
  }

  async *bidiStream(
    requests: AsyncIterable<BidiStreamRequest>,
    context: CallContext,
  ): AsyncIterable<Reply> {
    const iterator = requests[Symbol.asyncIterator]();
    const first = await iterator.next();
    if (first.done === true) return;
    const rest: AsyncIterable<BidiStreamRequest> = { [Symbol.asyncIterator]: () => iterator };
    if (first.value.fullDuplex) {
      yield* answerEach(first.value, rest, context);
      return;
    }
    const all = [first.value, ...(await readAll(rest))];
    const info = describeRequests(context, BidiStreamRequestSchema, all);
    yield* answerAll(first.value.responseDefinition, info, context);
  }
}

/** A single reply, or the failure. */
async function answer(
  definition: UnaryResponseDefinition | undefined,
  requestInfo: ConformancePayload_RequestInfo,
  context: CallContext,
): Promise<Reply> {
  if (definition === undefined) return { payload: { requestInfo } };
  const { response, responseDelayMs } = definition;
  addMetadata(definition, context);
  await wait(responseDelayMs, context);
  if (response.case === "error") throw toFailure(response.value, requestInfo);
  const data = response.case === "responseData" ? response.value : new Uint8Array();
  return { payload: { data, requestInfo } };
}

/** All replies; the first one tells of the request, or the failure where there is none. */
async function* answerAll(
  definition: StreamResponseDefinition | undefined,
  requestInfo: ConformancePayload_RequestInfo,
  context: CallContext,
): AsyncIterable<Reply> {
  if (definition === undefined) return;
  addMetadata(definition, context);
  let told: ConformancePayload_RequestInfo | undefined = requestInfo;
  for (const data of definition.responseData) {
    await wait(definition.responseDelayMs, context); // oxlint-disable-line no-await-in-loop -- so far apart
    yield {
      payload: create(ConformancePayloadSchema, told ? { data, requestInfo: told } : { data }),
    };
    told = undefined;
  }
  if (definition.error !== undefined) throw toFailure(definition.error, told);
}

/** A reply for each request; those that are left at the end come without one. */
async function* answerEach(
  first: BidiStreamRequest,
  rest: AsyncIterable<BidiStreamRequest>,
  context: CallContext,
): AsyncIterable<Reply> {
  const definition = first.responseDefinition;
  if (definition === undefined) return;
  addMetadata(definition, context);
  const { responseData, responseDelayMs, error } = definition;
  let answered = 0;
  const reply = async (request: BidiStreamRequest): Promise<Reply> => {
    const isFirst = answered === 0;
    const data = responseData[answered++] ?? new Uint8Array();
    const requestInfo = isFirst
      ? describeRequests(context, BidiStreamRequestSchema, [request])
      : create(ConformancePayload_RequestInfoSchema, {
          requests: [anyPack(BidiStreamRequestSchema, request)],
        });
    await wait(responseDelayMs, context);
    return { payload: { data, requestInfo } };
  };
  const noReply = (request: BidiStreamRequest): ConformancePayload_RequestInfo | undefined =>
    answered === 0 ? describeRequests(context, BidiStreamRequestSchema, [request]) : undefined;

  if (answered >= responseData.length) {
    if (error !== undefined) throw toFailure(error, noReply(first));
    return;
  }
  yield await reply(first);
  for await (const request of rest) {
    if (answered >= responseData.length) break;
    yield await reply(request);
  }
  for (; answered < responseData.length; answered++) {
    await wait(responseDelayMs, context); // oxlint-disable-line no-await-in-loop -- so far apart
    yield { payload: { data: responseData[answered]! } };
  }
  if (error !== undefined) throw toFailure(error, undefined);
}

async function readAll<T>(requests: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const request of requests) all.push(request);
  return all;
}

function describeRequests<D extends DescMessage>(
  context: CallContext,
  schema: D,
  requests: readonly (Message & { $typeName: D["typeName"] })[],
): ConformancePayload_RequestInfo {
  const { requestHeader, deadline } = context;
  return create(ConformancePayload_RequestInfoSchema, {
    requestHeaders: requestHeader
      .keys()
      .map((name) => ({ name, value: [...requestHeader.values(name)] })),
    ...(deadline !== undefined && {
      timeoutMs: BigInt(Math.max(0, Math.floor(deadline - Date.now()))),
    }),
    requests: requests.map((request) => anyPack(schema, request as never)),
  });
}

function addMetadata(
  { responseHeaders, responseTrailers }: UnaryResponseDefinition | StreamResponseDefinition,
  context: CallContext,
): void {
  if (!isGrpcServerContext(context)) throw new Error("the call came by a route");
  for (const { name, value } of responseHeaders) {
    for (const each of value) context.replyHeader.add(name, each);
  }
  for (const { name, value } of responseTrailers) {
    for (const each of value) context.replyTrailer.add(name, each);
  }
}

async function wait(milliseconds: number, { signal }: CallContext): Promise<void> {
  if (milliseconds > 0) await delay(milliseconds, undefined, { signal });
}

function toFailure(
  { code, message = "", details }: ErrorDefinition,
  info: ConformancePayload_RequestInfo | undefined,
): KratosError {
  const told = info === undefined ? [] : [anyPack(ConformancePayload_RequestInfoSchema, info)];
  return new KratosError(fromGrpcCode(code), "", message, {
    grpcCode: code as GrpcCode, // both take their numbers from gRPC
    details: [...details, ...told],
  });
}
