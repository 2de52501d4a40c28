import type { IncomingMessage, ServerResponse } from "node:http";
import { KratosError } from "../../errors/kratos-error.ts";
import type { Logger } from "../../log/logger.ts";
import { isPromise } from "../../middleware/is-promise.ts";
import type { Handler } from "../../middleware/middleware.ts";
import type { CallTimer, CallTimers, Expiring } from "../call-timers.ts";
import { bindingError } from "./binding-error.ts";
import type { RequestBinding, RequestBody } from "./binding.ts";
import { findClientTimeout } from "./client-timeout.ts";
import { Connection, type OpenCall } from "./connection.ts";
import { toReplyError } from "./error-reply.ts";
import { findBodyFormat } from "./media-type.ts";
import type { ReplyEncoder } from "./reply.ts";
import { readBody } from "./request-body.ts";
import { logRefusal } from "./refusal-log.ts";
import { type KeepAlive, sendError, sendReply } from "./response.ts";
import { HttpServerContext } from "./server-context.ts";

/** A rule of an operation, compiled. */
export interface ServedRoute {
  readonly operation: string;
  /** The template, as written. */
  readonly path: string;
  readonly binding: RequestBinding;
  readonly encodeReply: ReplyEncoder;
  /** The handler inside its middleware. */
  readonly handler: Handler;
}

/** What calls need of their server. */
export interface CallHost extends KeepAlive {
  readonly timers: CallTimers;
  readonly logger: Logger;
  /** In milliseconds; 0: none. */
  readonly timeout: number;
  readonly maxBodyBytes: number;
  /** Refuse bodies where the rule has none. */
  readonly strictBody: boolean;
  endpoint: string;
}

/** One request, from its head to its reply. */
export class ServerCall implements OpenCall, Expiring {
  nextOnConnection: OpenCall | undefined;
  timer: CallTimer | undefined;

  readonly #host: CallHost;
  readonly #route: ServedRoute;
  readonly #segments: readonly string[];
  readonly #query: string;
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #context: HttpServerContext;
  readonly #timeout: number;
  #connection: Connection | undefined;
  #reading = false;
  #ended = false;

  constructor(
    host: CallHost,
    route: ServedRoute,
    segments: readonly string[],
    query: string,
    request: IncomingMessage,
    response: ServerResponse,
  ) {
    this.#host = host;
    this.#route = route;
    this.#segments = segments;
    this.#query = query;
    this.#request = request;
    this.#response = response;
    const asked = findClientTimeout(request.headers);
    const timeout = host.timeout > 0 && host.timeout < asked ? host.timeout : asked;
    this.#timeout = timeout;
    const deadline = timeout === Number.POSITIVE_INFINITY ? undefined : Date.now() + timeout;
    const { operation, path } = route;
    this.#context = new HttpServerContext(
      operation,
      host.endpoint,
      host.logger,
      deadline,
      path,
      request,
    );
  }

  run(): void {
    if (this.#route.binding.body === "none" && !this.#host.strictBody) this.#call(undefined);
    else this.#read();
  }

  onDeadline(): void {
    const wanted = `the call took longer than ${this.#timeout} ms`;
    if (this.#reading) this.#refuse(new KratosError(408, "BODY_TIMEOUT", `${wanted} to send`));
    else this.#cut(new KratosError(504, "DEADLINE_EXCEEDED", wanted));
  }

  onConnectionLost(reason: "client" | "server"): void {
    if (this.#ended) return;
    this.#end();
    this.#context.abort(
      reason === "client"
        ? new KratosError(499, "CLIENT_CLOSED", "the client went away before the reply")
        : new KratosError(503, "SERVER_STOPPED", "the server stopped before the reply"),
    );
  }

  onProtocolError(status: number, message: string): void {
    // A call whose body has come is answered; what follows it never was a request.
    if (this.#reading) this.#refuse(new KratosError(status, "CODEC", message));
  }

  #read(): void {
    const contentType = this.#request.headers["content-type"];
    const format = this.#route.binding.body === "raw" ? "json" : findBodyFormat(contentType);
    this.#reading = true;
    this.#open();
    readBody(this.#request, this.#host.maxBodyBytes, (error, bytes) => {
      if (this.#ended) return;
      this.#reading = false;
      if (error !== undefined) {
        this.#reject(error);
      } else if (this.#route.binding.body === "none") {
        if (bytes.length === 0) this.#call(undefined);
        else this.#reject(bindingError(`"${this.#route.operation}" takes no body`));
      } else if (format === undefined) {
        const message = `content type "${contentType}" is not supported, use "application/json"`;
        this.#reject(new KratosError(415, "CODEC", message));
      } else {
        this.#call({ bytes, format, contentType: contentType ?? "" });
      }
    });
  }

  #call(body: RequestBody | undefined): void {
    const { binding, handler } = this.#route;
    let request: unknown;
    try {
      request = binding.bind(body, this.#query, this.#segments);
    } catch (error) {
      this.#reject(error);
      return;
    }
    let reply: unknown;
    try {
      reply = handler(request, this.#context);
      if (isPromise(reply)) {
        this.#open();
        reply.then(
          (value) => this.#succeed(value),
          (error: unknown) => this.#fail(error),
        );
        return;
      }
    } catch (error) {
      this.#fail(error);
      return;
    }
    this.#succeed(reply);
  }

  #succeed(reply: unknown): void {
    if (this.#ended) return;
    const context = this.#context;
    try {
      const { contentType, body } = this.#route.encodeReply(reply, this.#request.headers.accept);
      sendReply(this.#response, 200, contentType, body, context.writtenHeader, this.#host);
    } catch (cause) {
      const message = `"${this.#route.operation}" returned a reply that cannot be encoded`;
      this.#fail(new Error(message, { cause }));
      return;
    }
    this.#end();
  }

  /** Answers a request that no handler can be given, and tells of it, since no middleware will. */
  #reject(thrown: unknown): void {
    const { error, unexpected } = toReplyError(thrown);
    if (!unexpected) logRefusal(this.#context.logger, this.#route.operation, error);
    this.#fail(thrown);
  }

  #fail(thrown: unknown): void {
    if (this.#ended) return;
    const { error, unexpected } = toReplyError(thrown);
    this.#end();
    sendError(this.#response, error, this.#context.writtenHeader, this.#host);
    if (!unexpected) return;
    const { operation } = this.#route;
    this.#context.logger.error({ err: thrown, operation }, "call failed unexpectedly");
  }

  /** Answers in place of a body that does not come, and gives the connection up. */
  #refuse(error: KratosError): void {
    this.#response.shouldKeepAlive = false;
    this.#cut(error);
  }

  /** Answers in place of the handler. */
  #cut(error: KratosError): void {
    if (this.#ended) return;
    this.#end();
    sendError(this.#response, error, this.#context.writtenHeader, this.#host);
    this.#context.abort(error);
  }

  /** From here on the call waits: time and its connection may run out. */
  #open(): void {
    if (this.#connection !== undefined) return;
    this.#connection = Connection.of(this.#request.socket);
    this.#connection?.add(this);
    if (this.#timeout !== Number.POSITIVE_INFINITY) {
      this.#host.timers.start(this, this.#timeout);
    }
  }

  #end(): void {
    this.#ended = true;
    this.#host.timers.stop(this);
    this.#connection?.remove(this);
  }
}
