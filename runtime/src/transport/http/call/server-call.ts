import type { IncomingMessage, ServerResponse } from "node:http";
import { KratosError } from "../../../errors/kratos-error.ts";
import type { Logger } from "../../../log/logger.ts";
import type { Handler } from "../../../middleware/middleware.ts";
import type { CallTimer, CallTimers, Expiring } from "../../call-timers.ts";
import type { MethodKind } from "../../method.ts";
import type { StopSignal } from "../../stop-signal.ts";
import type { RequestBinding } from "../binding/binding.ts";
import { findClientTimeout } from "./client-timeout.ts";
import { Connection, type OpenCall, type OpenCalls } from "../listener/connection.ts";
import type { ReplyCompressor } from "../reply/compression.ts";
import type { ContentFormats } from "../content/content-formats.ts";
import { toReplyError } from "../reply/error-reply.ts";
import type { RequestBody } from "../binding/message-body.ts";
import { logRefusal } from "./refusal-log.ts";
import type { ReplyEncoder } from "../reply/reply.ts";
import { callLogger } from "../filter/request-id.ts";
import type { ResponseSettings } from "../reply/response.ts";
import { HttpServerContext } from "./server-context.ts";
import type { MessageReader, StreamBinding } from "../binding/stream-binding.ts";
import type { WebSocketAcceptor } from "./web-socket-acceptor.ts";

/** A rule of an operation, compiled. */
export interface ServedRoute {
  readonly operation: string;
  /** `handWritten`: no proto describes it; `rpc`: it is called by its name, as {@link rpc} does it. */
  readonly kind: MethodKind | "handWritten" | "rpc";
  /** The template, as written. */
  readonly path: string;
  readonly binding: RequestBinding;
  readonly encodeReply: ReplyEncoder;
  /** Milliseconds that a unary call may take; 0: no limit. */
  readonly timeout: number;
  /** The largest body, or message of a stream, that is read. */
  readonly maxBodyBytes: number;
  /** How the requests of a stream become messages; undefined: there is one. */
  readonly requests: StreamBinding | undefined;
  /** Replies are bytes with a content type of their own. */
  readonly rawReply: boolean;
  /** The handler inside its middleware. */
  readonly handler: Handler;
  /** Undefined for all kinds but `rpc`. */
  readonly rpc: RpcRunner | undefined;
}

/** Answers the requests of a method that is called by its name. */
export interface RpcRunner {
  run(host: CallHost, request: IncomingMessage, response: ServerResponse): void;
}

/** What calls need of their server. */
export interface CallHost extends ResponseSettings {
  readonly timers: CallTimers;
  readonly logger: Logger;
  /** Refuse bodies where the rule has none. */
  readonly strictBody: boolean;
  /** Refuse requests whose `Accept` allows nothing that can be written. */
  readonly strictAccept: boolean;
  readonly formats: ContentFormats;
  /** Undefined: replies go out as they are. */
  readonly compressor: ReplyCompressor | undefined;
  /** Milliseconds between signs of life on a stream; 0: none. */
  readonly heartbeat: number;
  /** Which pages of other origins may open WebSockets. */
  readonly allowedOrigins: readonly string[];
  /** Whether methods are served by their names. */
  servesRpc: boolean;
  /** Opens WebSockets; undefined: there are none here. */
  webSockets: WebSocketAcceptor | undefined;
  /** The name of the header with the ID of a request; empty: there is none. */
  readonly requestIdHeader: string;
  endpoint: string;
  /** Tells calls that the server begins to stop. */
  readonly stop: StopSignal;
}

/** What came in with a request. */
export interface ServerCallParts {
  readonly route: ServedRoute;
  /** The path's, as they came. */
  readonly segments: readonly string[];
  readonly query: string;
  readonly request: IncomingMessage;
}

/**
 * One call as the server sees it, without what depends on its kind and wire: the context, the deadline, the
 * connection that may go away, and the end, which happens once.
 */
export abstract class ServerCall implements OpenCall, Expiring {
  nextOnConnection: OpenCall | undefined;
  timer: CallTimer | undefined;

  protected readonly host: CallHost;
  protected readonly route: ServedRoute;
  protected readonly request: IncomingMessage;
  protected readonly context: HttpServerContext;
  readonly #segments: readonly string[];
  readonly #query: string;
  readonly #timeout: number;
  #connection: OpenCalls | undefined;
  #ended = false;

  constructor(host: CallHost, { route, segments, query, request }: ServerCallParts) {
    this.host = host;
    this.route = route;
    this.request = request;
    this.#segments = segments;
    this.#query = query;
    const asked = findClientTimeout(request.headers);
    // Streams have no deadline but their caller's own.
    const isStream = route.kind !== "unary" && route.kind !== "handWritten";
    const limited = !isStream && route.timeout > 0 && route.timeout < asked;
    const timeout = limited ? route.timeout : asked;
    this.#timeout = timeout;
    const deadline = timeout === Number.POSITIVE_INFINITY ? undefined : Date.now() + timeout;
    const { operation, path } = route;
    this.context = new HttpServerContext(
      operation,
      host.endpoint,
      callLogger(host.logger, host.requestIdHeader, request),
      deadline,
      host.stop,
      path,
      request,
    );
  }

  /** Begins. Never throws. */
  abstract run(): void;

  /** Tells the client of the failure of its call, which has ended. */
  protected abstract sendFailure(error: KratosError): void;

  /** Lets go of what a kind of call holds; the call has ended, with `error` unless all went well. */
  protected release(_error: KratosError | undefined): void {}

  /** Whether the call is answered, or nobody waits for the answer any more. */
  protected get ended(): boolean {
    return this.#ended;
  }

  onDeadline(): void {
    this.cut(new KratosError(504, "DEADLINE_EXCEEDED", this.tooLong("")));
  }

  onConnectionLost(reason: "client" | "server"): void {
    if (this.#ended) return;
    const error =
      reason === "client"
        ? new KratosError(499, "CLIENT_CLOSED", "the client went away before the reply")
        : serverStopped();
    this.end(error);
    this.context.abort(error);
  }

  abstract onProtocolError(status: number, message: string): void;

  /** What is said when the time is over; `what` is what the client did too slowly. */
  protected tooLong(what: string): string {
    return `the call took longer than ${this.#timeout} ms${what}`;
  }

  /** Makes the request's message. Throws 400 `CODEC` for one that does not fit. */
  protected bind(body: RequestBody | undefined): object {
    return this.route.binding.bind(body, this.#query, this.#segments);
  }

  /** Begins to make the messages of a stream. Throws 400 `CODEC` when path or query do not fit. */
  protected openRequests(): MessageReader | undefined {
    return this.route.requests?.open(this.#query, this.#segments);
  }

  /** Answers a request that no handler can be given, and tells of it, since no middleware will. */
  protected reject(thrown: unknown): void {
    const { error, unexpected } = toReplyError(thrown);
    if (!unexpected) logRefusal(this.context.logger, this.route.operation, error);
    this.fail(thrown);
  }

  /** Ends the call with what a handler threw. Without effect once it has ended. */
  protected fail(thrown: unknown): void {
    if (this.#ended) return;
    const { error, unexpected } = toReplyError(thrown);
    this.end(error);
    this.sendFailure(error);
    if (!unexpected) return;
    const { operation } = this.route;
    this.context.logger.error({ err: thrown, operation }, "call failed unexpectedly");
  }

  /** Answers in place of the handler. Without effect once the call has ended. */
  protected cut(error: KratosError): void {
    if (this.#ended) return;
    this.end(error);
    this.sendFailure(error);
    this.context.abort(error);
  }

  /** From here on the call waits: time and its connection may run out. */
  protected open(): void {
    if (this.#connection !== undefined || this.#ended) return;
    this.#connection = Connection.ofRequest(this.request);
    this.#connection?.add(this);
    if (this.#timeout !== Number.POSITIVE_INFINITY) {
      this.host.timers.start(this, this.#timeout);
    }
  }

  protected end(error?: KratosError): void {
    this.#ended = true;
    this.host.timers.stop(this);
    this.#connection?.remove(this);
    this.release(error);
  }
}

/** The reason of {@link serverStopped}. */
export const stoppedReason: string = "SERVER_STOPPED";

/** What calls end with that a server does not wait for any longer. */
export function serverStopped(): KratosError {
  return new KratosError(503, stoppedReason, "the server stopped before the reply");
}

/** A reply does not fit its type. */
export function unencodable(operation: string, cause: unknown): Error {
  return new Error(`"${operation}" returned a reply that cannot be encoded`, { cause });
}
