import {
  create,
  type DescMessage,
  type MessageInitShape,
  type MessageShape,
} from "@bufbuild/protobuf";
import { anyUnpack } from "@bufbuild/protobuf/wkt";
import { type CallOptions, fromError, type GrpcCaller, toGrpcStatusCode } from "@kratos-ts/runtime";
import { setTimeout as delay } from "node:timers/promises";
import type {
  ClientCompatRequest,
  ClientResponseResultSchema,
} from "./proto/connectrpc/conformance/v1/client_compat_pb.ts";
import { type Code, StreamType } from "./proto/connectrpc/conformance/v1/config_pb.ts";
import {
  ConformanceServiceBidiStreamMethod,
  ConformanceServiceClientStreamMethod,
  ConformanceServiceIdempotentUnaryMethod,
  ConformanceServiceServerStreamMethod,
  ConformanceServiceUnaryMethod,
  ConformanceServiceUnimplementedMethod,
} from "./proto/connectrpc/conformance/v1/service_grpc.ts";
import {
  BidiStreamRequestSchema,
  ClientStreamRequestSchema,
  type ConformancePayload,
  ErrorSchema,
  IdempotentUnaryRequestSchema,
  ServerStreamRequestSchema,
  UnaryRequestSchema,
  UnimplementedRequestSchema,
} from "./proto/connectrpc/conformance/v1/service_pb.ts";

type Header = ReadonlyMap<string, readonly string[]>;
type Result = MessageInitShape<typeof ClientResponseResultSchema>;

/** One call as it is described, and what is seen of it. */
export class ConformanceCall {
  readonly #request: ClientCompatRequest;
  readonly #abort = new AbortController();
  readonly #payloads: ConformancePayload[] = [];
  #header: Header = new Map();
  #trailer: Header = new Map();
  #sent = 0;
  /** Lets the next request of a full-duplex stream go: its predecessor was answered. */
  #answered: () => void = () => undefined;

  constructor(request: ClientCompatRequest) {
    this.#request = request;
  }

  /** Makes the call; a failure of it is part of the result. */
  async run(caller: GrpcCaller): Promise<Result> {
    const headers = this.#request.requestHeaders.map(({ name, value }) => [name, value] as const);
    const { timeoutMs } = this.#request;
    const options: CallOptions = {
      signal: this.#abort.signal,
      headers: Object.fromEntries(headers),
      ...(timeoutMs !== undefined && { timeout: timeoutMs }),
      onHeader: (header) => {
        this.#header = header;
      },
      onTrailer: (trailer) => {
        this.#trailer = trailer;
      },
    };
    try {
      await this.#call(caller, options);
      return this.#result();
    } catch (thrown) {
      const { code, message, details, grpcCode } = fromError(thrown);
      // The suite takes its numbers from gRPC.
      const known: Code = grpcCode ?? toGrpcStatusCode(code);
      const error = create(ErrorSchema, { code: known, message, details: [...details] });
      return { ...this.#result(), error };
    } finally {
      this.#answered();
    }
  }

  async #call(caller: GrpcCaller, options: CallOptions): Promise<void> {
    switch (this.#request.method) {
      case "Unary": {
        const call = caller.method(ConformanceServiceUnaryMethod);
        return this.#receive(this.#one(call(this.#only(UnaryRequestSchema), options)));
      }
      case "IdempotentUnary": {
        const call = caller.method(ConformanceServiceIdempotentUnaryMethod);
        return this.#receive(this.#one(call(this.#only(IdempotentUnaryRequestSchema), options)));
      }
      case "Unimplemented": {
        const call = caller.method(ConformanceServiceUnimplementedMethod);
        await this.#afterClose(call(this.#only(UnimplementedRequestSchema), options));
        return undefined;
      }
      case "ClientStream": {
        const call = caller.method(ConformanceServiceClientStreamMethod);
        return this.#receive(toIterable(call(this.#all(ClientStreamRequestSchema), options)));
      }
      case "ServerStream": {
        const call = caller.method(ConformanceServiceServerStreamMethod);
        return this.#receive(
          this.#afterClose(call(this.#only(ServerStreamRequestSchema), options)),
        );
      }
      case "BidiStream": {
        const call = caller.method(ConformanceServiceBidiStreamMethod);
        return this.#receive(call(this.#all(BidiStreamRequestSchema), options));
      }
      default:
        throw new Error(`there is no method "${this.#request.method}"`);
    }
  }

  #result(): Result {
    const { requestMessages, streamType } = this.#request;
    const streams = streamType !== StreamType.UNARY && streamType !== StreamType.SERVER_STREAM;
    return {
      payloads: this.#payloads,
      responseHeaders: toHeaders(this.#header),
      responseTrailers: toHeaders(this.#trailer),
      numUnsentRequests: streams ? requestMessages.length - this.#sent : 0,
    };
  }

  /** Takes all replies, and cancels after the one that it is to be done after. */
  async #receive(
    replies: AsyncIterable<{ readonly payload?: ConformancePayload | undefined }>,
  ): Promise<void> {
    const timing = this.#request.cancel?.cancelTiming;
    const last = timing?.case === "afterNumResponses" ? timing.value : undefined;
    for await (const { payload } of replies) {
      this.#payloads.push(
        payload ?? {
          $typeName: "connectrpc.conformance.v1.ConformancePayload",
          data: new Uint8Array(),
        },
      );
      if (this.#payloads.length === last) this.#abort.abort();
      this.#answered();
    }
  }

  #one<T>(reply: Promise<T>): AsyncIterable<T> {
    return toIterable(this.#afterClose(reply));
  }

  /** The only request is on its way: cancels some time later, where that is to be done. */
  #afterClose<T>(reply: T): T {
    const { cancel } = this.#request;
    if (cancel === undefined) return reply;
    const { cancelTiming: timing } = cancel;
    const milliseconds = timing.case === "afterCloseSendMs" ? timing.value : 0;
    if (timing.case === "afterCloseSendMs" || timing.case === undefined) {
      setTimeout(() => this.#abort.abort(), milliseconds);
    }
    return reply;
  }

  #only<D extends DescMessage>(schema: D): MessageShape<D> {
    const [first] = this.#request.requestMessages;
    const message = first && anyUnpack(first, schema);
    if (message === undefined) throw new Error(`the call needs a "${schema.typeName}"`);
    return message;
  }

  async *#all<D extends DescMessage>(schema: D): AsyncIterable<MessageShape<D>> {
    const { requestMessages, requestDelayMs, streamType, cancel } = this.#request;
    for (const packed of requestMessages) {
      const message = anyUnpack(packed, schema);
      if (message === undefined) throw new Error(`the call needs "${schema.typeName}"s`);
      if (requestDelayMs > 0) await delay(requestDelayMs); // oxlint-disable-line no-await-in-loop -- so far apart
      const answered = new Promise<void>((resolve) => {
        this.#answered = resolve;
      });
      this.#sent++;
      yield message;
      if (streamType === StreamType.FULL_DUPLEX_BIDI_STREAM) await answered; // oxlint-disable-line no-await-in-loop -- in turns
    }
    if (cancel?.cancelTiming.case === "beforeCloseSend") this.#abort.abort();
    else this.#afterClose(undefined);
  }
}

async function* toIterable<T>(value: Promise<T>): AsyncIterable<T> {
  yield await value;
}

function toHeaders(header: Header): { name: string; value: string[] }[] {
  return [...header].map(([name, value]) => ({ name, value: [...value] }));
}
