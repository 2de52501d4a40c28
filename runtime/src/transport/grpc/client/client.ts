import type { DescMessage } from "@bufbuild/protobuf";
import { createCodecs } from "../../../codec/index.ts";
import { fromError } from "../../../errors/from-error.ts";
import { KratosError } from "../../../errors/kratos-error.ts";
import type { Logger } from "../../../log/logger.ts";
import { silentLogger } from "../../../log/silent-logger.ts";
import type { Handler, Middleware } from "../../../middleware/middleware.ts";
import { chain } from "../../../middleware/middleware.ts";
import type { CallByKind, CallOptions, GrpcCaller, GrpcMethod, MethodKind } from "../../method.ts";
import { CallTimers } from "../../call-timers.ts";
import { Channel } from "./channel.ts";
import type { CallSource } from "./client-call.ts";
import { ClientCall } from "./client-call.ts";
import { GrpcClientContext } from "./client-context.ts";
import { connectNode } from "../../http2/node/node-client.ts";
import type { MessageFormat } from "../protocol/message-format.ts";
import { compileFormats } from "../protocol/message-format.ts";
import { ReplyIterable } from "../../reply-iterable.ts";
import { ReplyPromise } from "./reply-promise.ts";
import { ReplyStream } from "./reply-stream.ts";
import { parseTarget } from "./target.ts";

/** Options of {@link GrpcClient}. */
export interface GrpcClientOptions {
  /**
   * Where to call: `host:port`, `grpc://host:port`, `direct:///a:1,b:2` (several servers, used in turn) or
   * `unix:///path`.
   */
  readonly endpoint: string;
  /** Milliseconds that a unary call may take. 0: no limit. Default: 2000. */
  readonly timeout?: number | undefined;
  /** Around every call, from the outside in; around a stream once. Default: none. */
  readonly middleware?: readonly Middleware[] | undefined;
  /** For middleware, in the context. Default: one that is silent. */
  readonly logger?: Logger | undefined;
  /** The largest message that is taken, in bytes. Default: 4 MiB. */
  readonly maxReceiveBytes?: number | undefined;
}

/**
 * Calls gRPC services over HTTP/2 without TLS. Connects when the first call needs it, and again when a
 * connection was lost. Every failure is a `KratosError`: the service's own, or 503 (no connection),
 * 504 (no answer in time), 499 (canceled).
 */
export class GrpcClient implements GrpcCaller {
  readonly #endpoint: string;
  readonly #timeout: number;
  readonly #middleware: Middleware;
  readonly #logger: Logger;
  readonly #timers: CallTimers;
  readonly #source: CallSource;
  readonly #codecs = createCodecs();
  readonly #running = new Set<GrpcClientContext>();
  #closed = false;

  /** Throws a `TypeError` when `endpoint` is none. */
  constructor(options: GrpcClientOptions) {
    this.#endpoint = options.endpoint;
    this.#timeout = Math.max(0, options.timeout ?? 2000);
    this.#middleware = chain(...(options.middleware ?? []));
    this.#logger = options.logger ?? silentLogger;
    this.#timers = new CallTimers(this.#timeout);
    this.#source = {
      channel: new Channel(parseTarget(options.endpoint), connectNode),
      userAgent: "grpc-kratos-ts",
      maxReceiveBytes: options.maxReceiveBytes ?? 4 * 1024 * 1024,
    };
  }

  method<I extends DescMessage, O extends DescMessage, K extends MethodKind>(
    method: GrpcMethod<I, O, K>,
  ): CallByKind<I, O>[K] {
    const { proto } = compileFormats(this.#codecs, method.output, method.input);
    // The casts connect the kind, known here as a value, with the type that the caller knows.
    const call = this.#createCall(method.operation, method.kind, proto) as unknown;
    return call as CallByKind<I, O>[K];
  }

  /** Cuts the connections. Calls that still run fail with 499, as do later ones. */
  close(): void {
    this.#closed = true;
    this.#source.channel.close();
    const error = closedError();
    for (const context of this.#running) context.end(error);
  }

  #createCall(operation: string, kind: MethodKind, format: MessageFormat): unknown {
    const streamsIn = kind === "clientStreaming" || kind === "bidiStreaming";
    if (kind === "unary" || kind === "clientStreaming") {
      const handler = this.#middleware((request, context) => {
        const reply = new ReplyPromise();
        this.#begin(context as GrpcClientContext, format, request, streamsIn, reply);
        return reply.promise;
      });
      const timeout = kind === "unary" ? this.#timeout : 0;
      return (request: unknown, options: CallOptions = {}) =>
        this.#callForOne(operation, handler, timeout, request, options);
    }
    const handler = this.#middleware((request, context) => {
      const replies = new ReplyStream();
      const call = this.#begin(context as GrpcClientContext, format, request, streamsIn, replies);
      return replies.readFrom(call);
    });
    return (request: unknown, options: CallOptions = {}) =>
      this.#callForMany(operation, handler, request, options);
  }

  #begin(
    context: GrpcClientContext,
    format: MessageFormat,
    request: unknown,
    streamsIn: boolean,
    replies: ReplyPromise | ReplyStream,
  ): ClientCall {
    const call = new ClientCall(this.#source, context, format, request, streamsIn, replies);
    call.start();
    return call;
  }

  async #callForOne(
    operation: string,
    handler: Handler,
    timeout: number,
    request: unknown,
    options: CallOptions,
  ): Promise<unknown> {
    const context = this.#createContext(operation, timeout, options);
    try {
      return await handler(request, context);
    } catch (error) {
      throw fromError(error);
    } finally {
      this.#release(context);
    }
  }

  #callForMany(
    operation: string,
    handler: Handler,
    request: unknown,
    options: CallOptions,
  ): AsyncIterable<unknown> {
    let context: GrpcClientContext | undefined;
    const open = async (): Promise<AsyncIterable<unknown>> => {
      context = this.#createContext(operation, 0, options);
      return (await handler(request, context)) as AsyncIterable<unknown>;
    };
    return new ReplyIterable(open, () => context && this.#release(context));
  }

  #createContext(operation: string, timeout: number, options: CallOptions): GrpcClientContext {
    if (this.#closed) throw closedError();
    const context = new GrpcClientContext(
      operation,
      this.#endpoint,
      this.#logger,
      this.#timers,
      Math.max(0, options.timeout ?? timeout),
      options,
    );
    this.#running.add(context);
    return context;
  }

  #release(context: GrpcClientContext): void {
    context.finish();
    this.#running.delete(context);
  }
}

function closedError(): KratosError {
  return new KratosError(499, "CLIENT_CLOSED", "the client is closed");
}
