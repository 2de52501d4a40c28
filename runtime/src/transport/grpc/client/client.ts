import type { DescMessage } from "@bufbuild/protobuf";
import { createCodecs } from "../../../codec/index.ts";
import { fromError } from "../../../errors/from-error.ts";
import { silentLogger } from "../../../log/silent-logger.ts";
import { chain, type Handler, type Middleware } from "../../../middleware/middleware.ts";
import { CallTimers } from "../../call-timers.ts";
import { CallerSignals } from "../../caller-signals.ts";
import { findOpener } from "../../connection-source.ts";
import { connectBy, connectNode } from "../../http2/node/node-client.ts";
import type { CallByKind, CallOptions, GrpcCaller, GrpcMethod, MethodKind } from "../../method.ts";
import { ReplyIterable } from "../../reply-iterable.ts";
import { StopSignal } from "../../stop-signal.ts";
import { GzipPacker } from "../protocol/gzip.ts";
import { GrpcHeader } from "../protocol/metadata.ts";
import { type CallSource, ClientCall } from "./client-call.ts";
import { addHeaders, type ContextSource, GrpcClientContext } from "./client-context.ts";
import { parseClientEndpoint } from "./client-endpoint.ts";
import { type ClientMethod, compileClientMethod, type MessageOptions } from "./client-method.ts";
import type { GrpcClientOptions } from "./client-options.ts";
import { RetryPolicy } from "./client-retry.ts";
import { ClientTarget, closedError } from "./client-target.ts";
import { ReplyPromise } from "./reply-promise.ts";
import { ReplyStream } from "./reply-stream.ts";

export type { GrpcClientOptions } from "./client-options.ts";

/**
 * Calls gRPC services over HTTP/2. Connects when the first call needs it, and again when a connection was lost.
 * Whatever goes wrong is a `KratosError`: the service's own, or 503 when it cannot be reached; 504 when it takes
 * too long; 499 when the caller aborts; 400 `CODEC` for a request that is none.
 */
export class GrpcClient implements GrpcCaller {
  readonly #timeout: number;
  readonly #middleware: Middleware;
  readonly #contexts: ContextSource;
  readonly #source: CallSource;
  readonly #messages: MessageOptions;
  readonly #codecs = createCodecs();
  readonly #methods = new WeakMap<object, unknown>();
  readonly #running = new Set<GrpcClientContext>();
  #closed = false;

  /** Throws a `TypeError` for an endpoint that is none, and for options that do not fit. */
  constructor(options: GrpcClientOptions) {
    const logger = options.logger ?? silentLogger;
    const { compression = false } = options;
    const header = new GrpcHeader();
    if (options.headers !== undefined) addHeaders(header, options.headers);
    this.#timeout = Math.max(0, options.timeout ?? 2000);
    this.#middleware = chain(...(options.middleware ?? []));
    this.#contexts = {
      endpoint: options.endpoint,
      logger,
      timers: new CallTimers(this.#timeout),
      signals: new CallerSignals(),
      stop: new StopSignal(),
      header,
      waitForReady: options.waitForReady ?? false,
      compression: compression !== false,
    };
    const endpoint = parseClientEndpoint(options.endpoint);
    const open = findOpener(options);
    const connect = open === undefined ? connectNode : connectBy(open);
    this.#source = {
      target: new ClientTarget(endpoint, options, logger, connect),
      retry: new RetryPolicy(options.retry, options.hedging),
    };
    this.#messages = {
      maxReceiveBytes: options.maxReceiveBytes ?? 4 * 1024 * 1024,
      maxSendBytes: options.maxSendBytes ?? 2 ** 32 - 1,
      packer: new GzipPacker(typeof compression === "object" ? compression : {}),
    };
  }

  method<I extends DescMessage, O extends DescMessage, K extends MethodKind>(
    method: GrpcMethod<I, O, K>,
  ): CallByKind<I, O>[K] {
    let call = this.#methods.get(method);
    if (call === undefined) {
      call = this.#createCall(compileClientMethod(method, this.#codecs, this.#messages));
      this.#methods.set(method, call);
    }
    // The cast connects the kind, known here as a value, with the type that the caller knows.
    return call as CallByKind<I, O>[K];
  }

  /** Cuts the connections. Calls that still run fail with 499, as do later ones. */
  close(): void {
    this.#closed = true;
    const error = closedError();
    this.#contexts.stop.stop(error);
    for (const context of this.#running) context.end(error);
    this.#source.target.close();
  }

  #createCall(method: ClientMethod): unknown {
    if (!method.streamsOut) {
      const handler = this.#middleware((request, context) => {
        const reply = new ReplyPromise(method);
        this.#begin(context as GrpcClientContext, method, request, reply);
        return reply.promise;
      });
      const timeout = method.kind === "unary" ? this.#timeout : 0;
      return (request: unknown, options: CallOptions = {}) =>
        this.#callForOne(method.operation, handler, timeout, request, options);
    }
    const handler = this.#middleware((request, context) => {
      const replies = new ReplyStream(method);
      const call = this.#begin(context as GrpcClientContext, method, request, replies);
      return replies.readFrom(call);
    });
    return (request: unknown, options: CallOptions = {}) =>
      this.#callForMany(method.operation, handler, request, options);
  }

  #begin(
    context: GrpcClientContext,
    method: ClientMethod,
    request: unknown,
    replies: ReplyPromise | ReplyStream,
  ): ClientCall {
    const call = new ClientCall(this.#source, context, method, request, replies);
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
    const limit = Math.max(0, options.timeout ?? timeout);
    const context = new GrpcClientContext(this.#contexts, operation, limit, options);
    this.#running.add(context);
    return context;
  }

  #release(context: GrpcClientContext): void {
    context.finish();
    this.#running.delete(context);
  }
}
