import type { DescMessage } from "@bufbuild/protobuf";
import type { AppInfo } from "../../../app/app-info.ts";
import { createCodecs } from "../../../codec/index.ts";
import { GrpcCode } from "../../../errors/grpc-code.ts";
import type { Logger } from "../../../log/logger.ts";
import { createLogger } from "../../../log/create-logger.ts";
import type { Handler, Middleware } from "../../../middleware/middleware.ts";
import { OperationMiddleware } from "../../../middleware/operation-middleware.ts";
import { removeDeadSocket } from "../../dead-socket.ts";
import {
  type BoundAddress,
  listenError,
  parseListenAddress,
  publicEndpoint,
} from "../../listen-address.ts";
import type { GrpcMethod, GrpcRouter, HandlerByKind, MethodKind } from "../../method.ts";
import type { Server } from "../../server.ts";
import type { GrpcBinding } from "../protocol/binding.ts";
import { compileBinding, wrapBinding } from "../protocol/binding.ts";
import { CallTimers } from "../../call-timers.ts";
import { isKnownEncoding, unknownEncoding } from "../protocol/compression.ts";
import { findTimeout } from "../../deadline.ts";
import type { Field, StreamSink } from "../../http2/engine.ts";
import type { EngineChoice, ServerEngine, ServerStream } from "../../http2/server-engine.ts";
import { engineOption } from "../../http2/server-engine.ts";
import { createNodeServer } from "../../http2/node/node-server.ts";
import type { Health } from "../services/health.ts";
import { HealthService } from "../services/health.ts";
import { findFormatName } from "../protocol/message-format.ts";
import type { CallHost } from "./server-call.ts";
import { GrpcServerContext } from "./server-context.ts";
import { GrpcFailure, toTrailers } from "../protocol/status.ts";
import { StreamCall } from "./stream-call.ts";
import { UnaryCall } from "./unary-call.ts";

/** Options of {@link GrpcServer}. All may be `undefined`, so that parsed configuration fits as it is. */
export interface GrpcServerOptions {
  /** `tcp`, `tcp4`, `tcp6` or `unix`. Default, also for `""`: `tcp`. */
  readonly network?: string | undefined;
  /** `host:port`, or a path for `unix`. Default, also for `""`: `:0`, any free port. */
  readonly addr?: string | undefined;
  /**
   * Milliseconds that a unary call may take; a caller's own deadline holds when it is earlier.
   * 0: no limit. Default: 1000.
   */
  readonly timeout?: number | undefined;
  /** Around every call, from the outside in. Default: none. */
  readonly middleware?: readonly Middleware[] | undefined;
  /** Default: one that writes to standard output. */
  readonly logger?: Logger | undefined;
  /** The largest message that is taken, in bytes. Default: 4 MiB, as everywhere in gRPC. */
  readonly maxReceiveBytes?: number | undefined;
  /** Calls that one connection may have open at once; further ones wait at the client. Default: 1000. */
  readonly maxConcurrentStreams?: number | undefined;
}

/**
 * Serves gRPC over HTTP/2 without TLS, with the standard health service.
 * Methods and middleware are registered before {@link start}.
 */
export class GrpcServer implements Server, GrpcRouter {
  /** What `grpc.health.v1.Health` answers. */
  readonly health: Health;
  readonly #health = new HealthService();
  readonly #network: string;
  readonly #addr: string;
  readonly #timeout: number;
  readonly #host: CallHost;
  readonly #middleware: OperationMiddleware;
  readonly #registered = new Map<string, GrpcBinding>();
  readonly #codecs = createCodecs();
  readonly #engine: ServerEngine;
  #bindings: ReadonlyMap<string, GrpcBinding> = new Map();
  #listening: Promise<URL> | undefined;
  #endpoint = "";
  #bound: BoundAddress | undefined;
  #started = false;
  #stopped = false;

  constructor(options: GrpcServerOptions = {}) {
    this.#network = options.network ?? "";
    this.#addr = options.addr ?? "";
    this.#timeout = Math.max(0, options.timeout ?? 1000);
    this.#middleware = new OperationMiddleware(options.middleware ?? []);
    this.#host = {
      timers: new CallTimers(this.#timeout),
      logger: options.logger ?? createLogger(),
      maxReceiveBytes: options.maxReceiveBytes ?? 4 * 1024 * 1024,
    };
    this.health = this.#health;
    const createEngine = (options as EngineChoice)[engineOption] ?? createNodeServer;
    this.#engine = createEngine(
      { maxConcurrentStreams: options.maxConcurrentStreams ?? 1000 },
      (stream) => this.#open(stream),
      (error) => this.#host.logger.error({ err: error }, "[gRPC] listener failed"),
    );
  }

  /** The port that is listened on; undefined before {@link endpoint} has resolved, and for Unix sockets. */
  get port(): number | undefined {
    return this.#bound?.port;
  }

  handle<I extends DescMessage, O extends DescMessage, K extends MethodKind>(
    method: GrpcMethod<I, O, K>,
    handler: HandlerByKind<I, O>[K],
  ): void {
    const { operation } = method;
    if (this.#started) {
      throw new Error(
        `cannot add "${operation}" to a server that has started, do it before start()`,
      );
    }
    if (this.#registered.has(operation)) {
      throw new Error(`the gRPC method "${operation}" is registered already`);
    }
    this.#registered.set(operation, compileBinding(method, handler as Handler, this.#codecs));
    this.#health.add(operation.slice(1, operation.lastIndexOf("/")));
  }

  /**
   * Adds middleware inside the server's own to the operations that `selector` matches: one operation, or
   * all with a prefix when it ends in `*`. Of several selectors that match, only the most exact one counts.
   */
  use(selector: string, ...middleware: readonly Middleware[]): void {
    if (this.#started) {
      throw new Error(
        `cannot use "${selector}" on a server that has started, do it before start()`,
      );
    }
    this.#middleware.use(selector, middleware);
  }

  /** Opens the listener. Rejects with a `ListenError` when that is impossible. */
  endpoint(): Promise<URL> {
    this.#listening ??= this.#listen();
    return this.#listening;
  }

  async start(_app: AppInfo): Promise<void> {
    const endpoint = this.#stopped ? undefined : await this.endpoint();
    if (this.#stopped || endpoint === undefined) {
      throw new Error("the server was stopped before it started");
    }
    if (this.#started) return;
    this.#started = true;
    this.#endpoint = endpoint.href;
    const bindings = new Map(this.#health.bindings());
    for (const [operation, binding] of this.#registered) {
      bindings.set(operation, wrapBinding(binding, this.#middleware));
    }
    this.#bindings = bindings;
    this.#engine.accept();
    this.#host.logger.info({ addr: this.#bound?.text }, "[gRPC] server listening");
  }

  async stop(signal: AbortSignal): Promise<void> {
    this.#stopped = true;
    this.#health.shutdown();
    // A listener that is being opened has to be there before it can be closed.
    await this.#listening?.catch(() => undefined);
    await this.#engine.shutdown(signal);
  }

  async #listen(): Promise<URL> {
    let bound: BoundAddress;
    try {
      const address = parseListenAddress(this.#network, this.#addr);
      if (address.path !== undefined) await removeDeadSocket(address.path);
      bound = await this.#engine.listen(address);
    } catch (error) {
      throw listenError(error, this.#addr);
    }
    this.#bound = bound;
    return publicEndpoint("grpc", this.#addr, bound.port);
  }

  #open(stream: ServerStream): StreamSink {
    const { headers } = stream;
    if (headers.tooLarge === true) {
      const message = "the metadata of the call is larger than the server takes";
      return refuseCall(stream, new GrpcFailure(GrpcCode.RESOURCE_EXHAUSTED, message));
    }
    if (headers.get(":method") !== "POST") return refuse(stream, notPost);
    const formatName = findFormatName(headers.get("content-type"));
    if (formatName === undefined) return refuse(stream, notGrpc);
    const operation = headers.get(":path") ?? "";
    const binding = this.#bindings.get(operation);
    if (binding === undefined) {
      const message = `the server has no method "${operation}"`;
      return refuseCall(stream, new GrpcFailure(GrpcCode.UNIMPLEMENTED, message));
    }
    const encoding = headers.get("grpc-encoding");
    if (encoding !== undefined && !isKnownEncoding(encoding)) {
      return refuseCall(stream, unknownEncoding(encoding));
    }
    const unary = binding.kind === "unary";
    let timeout = unary && this.#timeout > 0 ? this.#timeout : Number.POSITIVE_INFINITY;
    const asked = headers.get("grpc-timeout");
    if (asked !== undefined) {
      const milliseconds = findTimeout(asked);
      if (milliseconds === undefined) {
        const message = `"${asked}" is no grpc-timeout, use digits and a unit such as "100m"`;
        return refuseCall(stream, new GrpcFailure(GrpcCode.INVALID_ARGUMENT, message));
      }
      if (milliseconds < timeout) timeout = milliseconds;
    }
    const limited = timeout !== Number.POSITIVE_INFINITY;
    const context = new GrpcServerContext(
      operation,
      this.#endpoint,
      this.#host.logger,
      limited ? Date.now() + timeout : undefined,
      stream,
    );
    const parts = { stream, binding, format: binding.formats[formatName], context };
    if (unary) {
      const call = new UnaryCall(this.#host, parts);
      if (limited) call.startTimer(timeout);
      return call;
    }
    const call = new StreamCall(this.#host, parts);
    if (limited) call.startTimer(timeout);
    call.start();
    return call;
  }
}

const notPost: readonly Field[] = [
  [":status", "405"],
  ["allow", "POST"],
];

const notGrpc: readonly Field[] = [
  [":status", "415"],
  ["accept-post", "application/grpc, application/grpc+json"],
];

/** Answers with HTTP alone: the caller does not speak gRPC. */
function refuse(stream: ServerStream, fields: readonly Field[]): StreamSink {
  stream.respond(fields, true);
  return deaf;
}

/** Answers a call that cannot be served. */
function refuseCall(stream: ServerStream, failure: GrpcFailure): StreamSink {
  const { fields } = toTrailers(failure);
  stream.respond([[":status", "200"], ["content-type", "application/grpc"], ...fields], true);
  return deaf;
}

const deaf: StreamSink = { onData() {}, onEnd() {}, onReset() {}, onDrain() {} };
