import type { DescMessage, DescService, MessageInitShape, MessageShape } from "@bufbuild/protobuf";
import type { Awaitable } from "../middleware/middleware.ts";
import type { CallContext } from "./context.ts";

/** How many messages go each way. */
export type MethodKind = "unary" | "serverStreaming" | "clientStreaming" | "bidiStreaming";

/** What the proto promises about repeating a call (`idempotency_level`). */
export type Idempotency = "unknown" | "noSideEffects" | "idempotent";

/** One `google.api.http` rule of a method. */
export interface HttpBinding {
  /** The HTTP method in upper case, or `*` for any. */
  readonly method: string;
  /** A path template, such as `/v1/{name=shelves/*}:read`. */
  readonly path: string;
  /** `*`, the name of a request field (as in the proto), or absent: no body. */
  readonly body?: string;
  /** The reply field (as in the proto) that is the response; absent: the whole reply. */
  readonly responseBody?: string;
}

/** A method and where it is served over HTTP. The first binding is the one that clients call. */
export interface HttpRoute<
  I extends DescMessage,
  O extends DescMessage,
  K extends MethodKind = "unary",
> {
  readonly operation: string;
  /** Absent: unary. */
  readonly kind?: K;
  readonly input: I;
  readonly output: O;
  /** Absent: unknown. */
  readonly idempotency?: Idempotency;
  readonly bindings: readonly [HttpBinding, ...HttpBinding[]];
}

/** A method as gRPC sees it. */
export interface GrpcMethod<
  I extends DescMessage,
  O extends DescMessage,
  K extends MethodKind = MethodKind,
> {
  readonly operation: string;
  readonly kind: K;
  readonly input: I;
  readonly output: O;
  /** Absent: unknown. */
  readonly idempotency?: Idempotency;
  /** The service in its proto, for reflection. Absent: it is looked for in the files of the messages. */
  readonly service?: DescService;
}

/** A handler of one unary method. The reply may be a plain object with the fields that are set. */
export type UnaryHandler<I extends DescMessage, O extends DescMessage> = (
  request: MessageShape<I>,
  context: CallContext,
) => Awaitable<MessageInitShape<O>>;

/** Handlers by method kind, in the shapes that Connect-ES made known. */
export interface HandlerByKind<I extends DescMessage, O extends DescMessage> {
  readonly unary: UnaryHandler<I, O>;
  readonly serverStreaming: (
    request: MessageShape<I>,
    context: CallContext,
  ) => AsyncIterable<MessageInitShape<O>>;
  readonly clientStreaming: (
    requests: AsyncIterable<MessageShape<I>>,
    context: CallContext,
  ) => Awaitable<MessageInitShape<O>>;
  readonly bidiStreaming: (
    requests: AsyncIterable<MessageShape<I>>,
    context: CallContext,
  ) => AsyncIterable<MessageInitShape<O>>;
}

/** Where generated `register…HttpServer` functions put their routes; `HttpServer` is one. */
export interface HttpRouter {
  /** Throws when the route collides with one that is there, or its template or fields are wrong. */
  handle<I extends DescMessage, O extends DescMessage, K extends MethodKind = "unary">(
    route: HttpRoute<I, O, K>,
    handler: HandlerByKind<I, O>[K],
  ): void;
}

/** Where generated `register…GrpcServer` functions put their methods; `GrpcServer` is one. */
export interface GrpcRouter {
  /** Throws when the operation is there already. */
  handle<I extends DescMessage, O extends DescMessage, K extends MethodKind>(
    method: GrpcMethod<I, O, K>,
    handler: HandlerByKind<I, O>[K],
  ): void;
}

/** Options of one call. */
export interface CallOptions {
  /** Ends the call early. */
  readonly signal?: AbortSignal;
  /** Milliseconds until the call fails with 504; default: the client's, for streams none. 0: no limit. */
  readonly timeout?: number;
  /** Headers (gRPC: metadata) to send. */
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  /**
   * Whether the call may be made twice, because its request carries what makes that as good as once. It is
   * then sent again when nobody can say whether it was done. Default: what the method is known for.
   */
  readonly repeatable?: boolean;
  /** Whether the call waits while no server can be reached, in place of failing (gRPC). Default: the client's. */
  readonly waitForReady?: boolean;
  /** Whether requests are compressed (gRPC). Default: what the client does. */
  readonly compression?: boolean;
  /** Called with the reply's headers as soon as they are there, also when the call fails. */
  readonly onHeader?: (header: ReadonlyMap<string, readonly string[]>) => void;
  /** Called with what the service says at the end of its reply, also when the call fails (gRPC). */
  readonly onTrailer?: (trailer: ReadonlyMap<string, readonly string[]>) => void;
}

/** What generated HTTP clients call through; `HttpClient` is one. Throws `KratosError`. */
export interface HttpCaller {
  /** Returns the function that makes the call, so that a generated client is a plain object of functions. */
  method<I extends DescMessage, O extends DescMessage, K extends MethodKind = "unary">(
    route: HttpRoute<I, O, K>,
  ): CallByKind<I, O>[K];
}

/** Client calls by method kind. */
export interface CallByKind<I extends DescMessage, O extends DescMessage> {
  readonly unary: (request: MessageInitShape<I>, options?: CallOptions) => Promise<MessageShape<O>>;
  readonly serverStreaming: (
    request: MessageInitShape<I>,
    options?: CallOptions,
  ) => AsyncIterable<MessageShape<O>>;
  readonly clientStreaming: (
    requests: AsyncIterable<MessageInitShape<I>>,
    options?: CallOptions,
  ) => Promise<MessageShape<O>>;
  readonly bidiStreaming: (
    requests: AsyncIterable<MessageInitShape<I>>,
    options?: CallOptions,
  ) => AsyncIterable<MessageShape<O>>;
}

/** What generated gRPC clients call through; `GrpcClient` is one. Throws `KratosError`. */
export interface GrpcCaller {
  /** Returns the function that makes the call, so that a generated client is a plain object of functions. */
  method<I extends DescMessage, O extends DescMessage, K extends MethodKind>(
    method: GrpcMethod<I, O, K>,
  ): CallByKind<I, O>[K];
}
