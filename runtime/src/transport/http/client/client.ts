import type { DescMessage } from "@bufbuild/protobuf";
import { KratosError } from "../../../errors/kratos-error.ts";
import type { Logger } from "../../../log/logger.ts";
import { silentLogger } from "../../../log/silent-logger.ts";
import { chain, type Middleware } from "../../../middleware/middleware.ts";
import { CallerSignals } from "../../caller-signals.ts";
import { isConnectionHeader } from "../../connection-header.ts";
import type { CallByKind, CallOptions, HttpCaller, HttpRoute, MethodKind } from "../../method.ts";
import { type ClientCallSource, HttpClientCall, type ReplyReader } from "./client-call.ts";
import type { HttpClientContext } from "./client-context.ts";
import { type ClientEndpoint, parseClientEndpoint } from "./client-endpoint.ts";
import { FetchSender } from "./client-fetch-sender.ts";
import { findNodeModules, NodeSender } from "./client-node-sender.ts";
import { type ClientFormat, completeClientFormat } from "./client-format.ts";
import type { ClientTlsOptions, HttpClientOptions } from "./client-options.ts";
import { RetryPolicy } from "./client-retry.ts";
import { type ClientRoute, compileClientRoute, type EncodedRequest } from "./client-route.ts";
import { ClientScope } from "./client-scope.ts";
import type { HttpSender } from "./client-sender.ts";
import { type ClientStreamHost, createStreamCall } from "./client-stream.ts";
import { ClientTarget } from "./client-target.ts";
import type { MessageRecord } from "../binding/field-access.ts";

export type { HttpClientOptions } from "./client-options.ts";

/**
 * Calls services over HTTP by the rules of their RPCs, in Node and in browsers. Whatever goes wrong is a
 * `KratosError`: what the service answered; 503 when it cannot be reached; 504 when it takes too long;
 * 499 when the caller aborts; 400 `CODEC` for a request that does not fit its rule.
 */
export class HttpClient implements HttpCaller {
  readonly #endpoint: string;
  readonly #timeout: number;
  readonly #middleware: Middleware;
  readonly #headers: Readonly<Record<string, string | readonly string[]>>;
  readonly #logger: Logger;
  readonly #format: ClientFormat;
  readonly #source: ClientCallSource;
  readonly #tls: ClientTlsOptions | undefined;
  readonly #heartbeat: number;
  readonly #methods = new WeakMap<object, unknown>();
  readonly #signals = new CallerSignals();
  #closed = false;

  /** Throws a `TypeError` for an endpoint that is no URL, and for options that the platform cannot meet. */
  constructor(options: HttpClientOptions) {
    const scheme = options.tls === undefined ? "http" : "https";
    const endpoint = parseClientEndpoint(options.endpoint, scheme);
    this.#endpoint =
      endpoint.kind === "origin" ? endpoint.origin + endpoint.base : options.endpoint;
    this.#timeout = options.timeout ?? 2000;
    this.#middleware = chain(...(options.middleware ?? []));
    this.#headers = options.headers ?? {};
    this.#logger = options.logger ?? silentLogger;
    this.#tls = options.tls;
    this.#format = completeClientFormat(options.format);
    this.#heartbeat = options.heartbeat ?? 15_000;
    this.#source = {
      target: new ClientTarget(endpoint, scheme, options, this.#logger),
      sender: createSender(endpoint, options),
      retry: new RetryPolicy(options.retry),
      maxReceiveBytes: options.maxReceiveBytes ?? 4 * 1024 * 1024,
    };
  }

  method<I extends DescMessage, O extends DescMessage, K extends MethodKind = "unary">(
    route: HttpRoute<I, O, K>,
  ): CallByKind<I, O>[K] {
    let call = this.#methods.get(route);
    if (call === undefined) this.#methods.set(route, (call = this.#createMethod(route)));
    // The cast connects the kind, known here as a value, with the type that the caller knows.
    return call as CallByKind<I, O>[K];
  }

  /** Ends the client: further calls fail. Calls that run go on; connections close as they become free. */
  close(): void {
    this.#closed = true;
    this.#source.target.close();
    this.#source.sender.close();
  }

  #createMethod(route: HttpRoute<DescMessage, DescMessage, MethodKind>): unknown {
    const { kind = "unary", idempotency } = route;
    const repeatable = idempotency === "noSideEffects" || idempotency === "idempotent";
    const compiled = compileClientRoute(route, this.#format, (compiled) =>
      this.#middleware(async (request, context) =>
        this.#send(
          compiled.encode(request as MessageRecord),
          context as HttpClientContext,
          this.#format.mediaType,
          repeatable,
          async (reply) =>
            compiled.decode(
              await reply.bytes(this.#source.maxReceiveBytes),
              reply.header.get("content-type") ?? "",
            ),
        ),
      ),
    );
    return kind === "unary"
      ? (request: unknown, options?: CallOptions) => this.#callUnary(compiled, request, options)
      : createStreamCall(this.#createStreamHost(repeatable), compiled, kind);
  }

  async #callUnary(
    route: ClientRoute,
    request: unknown,
    options: CallOptions = {},
  ): Promise<unknown> {
    const scope = this.#begin(route, this.#timeout, options);
    try {
      return await route.handler(request, scope.context);
    } finally {
      scope.release();
    }
  }

  #begin(route: ClientRoute, timeout: number, options: CallOptions): ClientScope {
    if (this.#closed) throw new KratosError(499, "CLIENT_CLOSED", "the client is closed");
    const scope = new ClientScope(
      route,
      this.#endpoint,
      this.#logger,
      options.timeout ?? timeout,
      options,
      this.#signals,
    );
    try {
      addHeaders(scope.context, this.#headers);
      if (options.headers !== undefined) addHeaders(scope.context, options.headers);
    } catch (error) {
      scope.release();
      throw error;
    }
    return scope;
  }

  #send<T>(
    encoded: EncodedRequest,
    context: HttpClientContext,
    accept: string,
    repeatable: boolean,
    read: ReplyReader<T>,
  ): Promise<T> {
    return new HttpClientCall(
      this.#source,
      context,
      encoded,
      this.#headersOf(encoded, context, accept),
      context.repeatable ?? (repeatable || isSafe(encoded.method)),
      read,
    ).run();
  }

  /** Streams have no time limit but their caller's. They are not opened again once they were. */
  #createStreamHost(repeatable: boolean): ClientStreamHost {
    const { target, maxReceiveBytes } = this.#source;
    return {
      middleware: this.#middleware,
      mediaType: this.#format.streamMediaType,
      maxReceiveBytes,
      heartbeat: this.#heartbeat,
      openTimeout: this.#timeout,
      begin: (route, options) => this.#begin(route, 0, options),
      request: async (route, request, context, accept) => {
        const encoded = route.encode(request);
        const reply = await this.#send(
          encoded,
          context,
          accept,
          repeatable,
          async (reply) => reply,
        );
        context.onAbort(() => reply.discard());
        return {
          contentType: reply.header.get("content-type") ?? "",
          pieces: () => reply.pieces(),
        };
      },
      base: target.base,
      tls: this.#tls,
      locate: (context) => target.locate(context),
      tell: ({ node }, reached) => {
        if (node === undefined) return;
        if (reached) target.reached(node);
        else target.unreachable(node);
      },
    };
  }

  /** Names in lower case and values in turn. */
  #headersOf(
    { body, contentType }: EncodedRequest,
    { requestHeader }: HttpClientContext,
    accept: string,
  ): string[] {
    // A value that no header can have is refused, as all others are.
    if (contentType !== undefined && requestHeader.get("content-type") === undefined) {
      requestHeader.set("content-type", contentType);
    }
    const headers: string[] = [];
    if (requestHeader.get("accept") === undefined) headers.push("accept", accept);
    if (body !== undefined && requestHeader.get("content-type") === undefined) {
      headers.push("content-type", this.#format.mediaType);
    }
    for (const [name, values] of requestHeader.entries()) {
      if (isSenderHeader(name)) continue;
      for (const value of values) headers.push(name, value);
    }
    return headers;
  }
}

function createSender(endpoint: ClientEndpoint, options: HttpClientOptions): HttpSender {
  const modules = options.fetch === undefined ? findNodeModules() : undefined;
  const own = endpoint.kind === "origin" && endpoint.origin === "";
  if (modules !== undefined && !own) return new NodeSender(modules, options.tls ?? {});
  const why = options.fetch === undefined ? "only works in Node" : 'cannot be used with "fetch"';
  if (options.tls !== undefined) throw new TypeError(`the option "tls" ${why}`);
  if (endpoint.kind === "origin" && endpoint.origin.startsWith("unix:")) {
    throw new TypeError(`the endpoint "${options.endpoint}" ${why}`);
  }
  return new FetchSender(options.fetch ?? ((input, init) => fetch(input, init)));
}

/** Whether a method of HTTP changes nothing, so that repeating it does no harm. */
function isSafe(method: string): boolean {
  return method === "GET" || method === "HEAD";
}

/** Headers that the sender writes itself: what passes on what it got may hold them. */
function isSenderHeader(name: string): boolean {
  return name === "content-length" || name === "expect" || isConnectionHeader(name);
}

function addHeaders(
  context: HttpClientContext,
  headers: Readonly<Record<string, string | readonly string[]>>,
): void {
  for (const [name, value] of Object.entries(headers)) {
    const [first, ...others] = [value].flat();
    if (first === undefined) continue;
    context.requestHeader.set(name, first);
    for (const other of others) context.requestHeader.add(name, other);
  }
}
