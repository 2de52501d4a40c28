import type { DescMessage } from "@bufbuild/protobuf";
import type { AppInfo } from "../../../app/app-info.ts";
import { type Codecs, createCodecs } from "../../../codec/index.ts";
import { GrpcCode } from "../../../errors/grpc-code.ts";
import { createLogger } from "../../../log/create-logger.ts";
import type { Handler, Middleware } from "../../../middleware/middleware.ts";
import { OperationMiddleware } from "../../../middleware/operation-middleware.ts";
import { reportUnmatched } from "../../../middleware/report-unmatched.ts";
import {
  acceptSource,
  type ConnectionSource,
  refuseSource,
  sourceEndpoint,
} from "../../connection-source.ts";
import { removeDeadSocket } from "../../dead-socket.ts";
import {
  type BoundAddress,
  listenError,
  parseListenAddress,
  publicEndpoint,
} from "../../listen-address.ts";
import type { GrpcMethod, GrpcRouter, HandlerByKind, MethodKind } from "../../method.ts";
import type { Server } from "../../server.ts";
import { serverStopping } from "../../server-stopping.ts";
import { StopSignal } from "../../stop-signal.ts";
import { openWebCall, refuseUnknownWebCall } from "../../connect/open-web-call.ts";
import type { GrpcBinding } from "../protocol/binding.ts";
import { compileBinding, wrapBinding } from "../protocol/binding.ts";
import { CallTimers } from "../../call-timers.ts";
import type { Field, StreamSink } from "../../http2/engine.ts";
import type { ServerEngine, ServerStream } from "../../http2/server-engine.ts";
import type { Health } from "../services/health.ts";
import { HealthStatuses } from "../services/health.ts";
import { OwnServices } from "../services/own-services.ts";
import { type GrpcServerStats, ServerCounts } from "../services/server-counts.ts";
import { findFormatName, type MessageFormats } from "../protocol/message-format.ts";
import { TlsCredentialsError } from "../../tls-credentials.ts";
import { type CallSetup, deafSink, openCall, refuseCall } from "./open-call.ts";
import type { CallHost } from "./server-call.ts";
import { ServerObserver } from "./server-observer.ts";
import {
  completeGrpcServerOptions,
  type CompleteGrpcServerOptions,
  type GrpcServerOptions,
} from "./server-options.ts";
import { GrpcFailure } from "../protocol/status.ts";

/**
 * Serves gRPC over HTTP/2, with the standard services for health and reflection.
 * Methods and middleware are registered before {@link start}.
 */
export class GrpcServer implements Server, GrpcRouter {
  /** What `grpc.health.v1.Health` answers. */
  readonly health: Health;
  readonly #health = new HealthStatuses();
  readonly #counts = new ServerCounts();
  readonly #services: OwnServices;
  readonly #options: CompleteGrpcServerOptions;
  readonly #host: CallHost;
  readonly #middleware: OperationMiddleware;
  readonly #registered = new Map<string, GrpcBinding>();
  readonly #codecs: Codecs;
  readonly #engine: ServerEngine;
  #served: ReadonlyMap<string, ServedMethod> = new Map();
  #source: ConnectionSource | undefined;
  #listening: Promise<URL> | undefined;
  #bound: BoundAddress | undefined;
  #started = false;
  #stopped = false;

  constructor(options: GrpcServerOptions = {}) {
    const complete = completeGrpcServerOptions(options);
    const logger = options.logger ?? createLogger();
    this.#options = complete;
    this.#codecs = createCodecs(options.json);
    this.#middleware = new OperationMiddleware(complete.middleware);
    this.#host = {
      timers: new CallTimers(complete.timeout),
      logger,
      maxReceiveBytes: complete.maxReceiveBytes,
      maxSendBytes: complete.maxSendBytes,
      packer: complete.packer,
      counts: this.#counts,
      stop: new StopSignal(),
    };
    this.health = this.#health;
    this.#services = new OwnServices(complete, this.#health, {
      counts: this.#counts,
      listenAddress: () => this.#bound?.text ?? "",
    });
    acceptSource(this, (source) => {
      refuseSource(this.#stopped || this.#listening !== undefined, complete.tls);
      this.#source = source;
    });
    this.#engine = complete.createEngine(
      { ...complete, observer: new ServerObserver(logger, this.#counts) },
      (stream) => this.#open(stream),
      (error) => logger.error({ err: error }, "[gRPC] listener failed"),
    );
  }

  /** The port that is listened on; undefined before {@link endpoint} has resolved, and for Unix sockets. */
  get port(): number | undefined {
    return this.#bound?.port;
  }

  /** What the server has counted so far. */
  stats(): GrpcServerStats {
    return this.#counts.snapshot();
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
    this.#services.add(method);
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
    const operations = [...this.#registered.keys()];
    const { logger } = this.#host;
    reportUnmatched("[gRPC] use()", this.#middleware.selectors(), operations, logger);
    const own = this.#services.bindings();
    const bindings = new Map(own.map((binding) => [binding.operation, binding]));
    for (const [operation, binding] of this.#registered) {
      bindings.set(operation, wrapBinding(binding, this.#middleware));
    }
    const { timeout } = this.#options;
    this.#served = new Map(
      Array.from(bindings, ([operation, binding]) => {
        const common = { binding, timeout, endpoint: endpoint.href, logger };
        const proto: CallSetup = { ...common, format: "proto" };
        return [operation, { binding, proto, json: { ...common, format: "json" } }];
      }),
    );
    this.#engine.accept();
    this.#health.serve();
    logger.info({ addr: this.#bound?.text }, "[gRPC] server listening");
  }

  announceStop(): void {
    this.#health.retire();
  }

  async stop(signal: AbortSignal): Promise<void> {
    this.#stopped = true;
    this.#health.shutdown(serverStopping());
    this.#host.stop.stop(serverStopping());
    // A listener that is being opened has to be there before it can be closed.
    await this.#listening?.catch(() => undefined);
    await this.#engine.shutdown(signal);
  }

  async #listen(): Promise<URL> {
    const { network, addr, tls } = this.#options;
    if (this.#source !== undefined) {
      this.#bound = await this.#engine.listen({ source: this.#source });
      return sourceEndpoint("grpc");
    }
    let bound: BoundAddress;
    try {
      const address = parseListenAddress(network, addr);
      if (address.path !== undefined) await removeDeadSocket(address.path);
      bound = await this.#engine.listen(address);
    } catch (error) {
      if (error instanceof TlsCredentialsError) throw error;
      throw listenError(error, addr);
    }
    this.#bound = bound;
    return publicEndpoint(tls === undefined ? "grpc" : "grpcs", addr, bound.port);
  }

  #open(stream: ServerStream): StreamSink {
    const { headers } = stream;
    if (headers.tooLarge === true) {
      const message = "the metadata of the call is larger than the server takes";
      return refuseCall(stream, new GrpcFailure(GrpcCode.RESOURCE_EXHAUSTED, message));
    }
    const method = headers.get(":method");
    const format = method === "POST" ? findFormatName(headers.get("content-type")) : undefined;
    const path = headers.get(":path") ?? "";
    if (format === undefined) return this.#openWeb(stream, path);
    const served = this.#served.get(path);
    if (served === undefined) return refuseUnknown(stream, path);
    return openCall(this.#host, stream, served[format]);
  }

  /** Serves clients that speak Connect or gRPC-Web: proxies, mostly. */
  #openWeb(stream: ServerStream, path: string): StreamSink {
    const served = this.#served.get(path.split("?", 1)[0]!);
    if (served === undefined) {
      if (stream.headers.get(":method") !== "POST") return refuse(stream, notPost);
      return refuseUnknownWebCall(stream, path) ?? refuse(stream, notGrpc);
    }
    const { kind, safe = false } = served.binding;
    const { maxReceiveBytes } = this.#host;
    return openWebCall(
      stream,
      { kind, safe, maxReceiveBytes, requireProtocolHeader: false, unpack: undefined },
      (translated, format) => openCall(this.#host, translated, served[format]),
    );
  }
}

/** A method, and what its calls begin with in each format of messages. */
interface ServedMethod extends Readonly<Record<keyof MessageFormats, CallSetup>> {
  readonly binding: GrpcBinding;
}

const notPost: readonly Field[] = [
  [":status", "405"],
  ["allow", "POST"],
];

const notGrpc: readonly Field[] = [
  [":status", "415"],
  ["accept-post", "application/grpc, application/grpc+json"],
];

function refuseUnknown(stream: ServerStream, operation: string): StreamSink {
  const message = `the server has no method "${operation}"`;
  return refuseCall(stream, new GrpcFailure(GrpcCode.UNIMPLEMENTED, message));
}

/** Answers with HTTP alone: the caller does not speak gRPC. */
function refuse(stream: ServerStream, fields: readonly Field[]): StreamSink {
  stream.respond(fields, true);
  return deafSink;
}
