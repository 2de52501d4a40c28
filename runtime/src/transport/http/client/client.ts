import type { DescMessage } from "@bufbuild/protobuf";
import { createCodecs } from "../../../codec/index.ts";
import { fromError } from "../../../errors/from-error.ts";
import { KratosError } from "../../../errors/kratos-error.ts";
import { silentLogger } from "../../../log/silent-logger.ts";
import { chain, type Handler, type Middleware } from "../../../middleware/middleware.ts";
import { CallerSignals } from "../../caller-signals.ts";
import { findOpener } from "../../connection-source.ts";
import type { CallByKind, CallOptions, HttpCaller, HttpRoute, MethodKind } from "../../method.ts";
import { ReplyIterable } from "../../reply-iterable.ts";
import { StopSignal } from "../../stop-signal.ts";
import type { MessageRecord } from "../binding/field-access.ts";
import { HeaderMap } from "../header-map.ts";
import { type ClientCallSource, HttpClientCall, type ReplyReader } from "./client-call.ts";
import { type ClientCompressionOptions, RequestCompressor } from "./client-compression.ts";
import type { HttpClientContext } from "./client-context.ts";
import { type ClientEndpoint, parseClientEndpoint } from "./client-endpoint.ts";
import { FetchSender } from "./client-fetch-sender.ts";
import { type ClientFormat, completeClientFormat } from "./client-format.ts";
import { type GivenHeaders, listHeaders, setHeaders } from "./client-headers.ts";
import { findNodeModules, NodeSender } from "./client-node-sender.ts";
import type { HttpClientOptions } from "./client-options.ts";
import { RetryPolicy } from "./client-retry.ts";
import { type ClientRoute, compileClientRoute, type EncodedRequest } from "./client-route.ts";
import { ClientScope, type ClientScopeSource } from "./client-scope.ts";
import type { HttpSender, IncomingReply } from "./client-sender.ts";
import { type ClientStreamHost, createStreamHandler } from "./client-stream.ts";
import { ClientTarget } from "./client-target.ts";
import { isLimited } from "./client-timer.ts";

export type { HttpClientOptions } from "./client-options.ts";

/**
 * Calls services over HTTP by the rules of their RPCs, in Node and in browsers. Whatever goes wrong is a
 * `KratosError`: what the service answered; 503 when it cannot be reached; 504 when it takes too long;
 * 499 when the caller aborts; 400 `CODEC` for a request that does not fit its rule.
 */
export class HttpClient implements HttpCaller {
  readonly #timeout: number;
  readonly #middleware: Middleware;
  readonly #format: ClientFormat;
  readonly #codecs = createCodecs({ emitDefaults: false });
  readonly #scopes: ClientScopeSource;
  readonly #source: ClientCallSource;
  readonly #compressor: RequestCompressor | undefined;
  readonly #streams: ClientStreamHost;
  readonly #methods = new WeakMap<object, unknown>();
  #closed = false;

  /**
   * Throws a `TypeError` for an endpoint that is no URL, a prefix that is no path, headers that HTTP cannot carry,
   * and options that the platform cannot meet.
   */
  constructor(options: HttpClientOptions) {
    const scheme = options.tls === undefined ? "http" : "https";
    const endpoint = parseClientEndpoint(options.endpoint, scheme);
    const logger = options.logger ?? silentLogger;
    const maxReceiveBytes = options.maxReceiveBytes ?? 4 * 1024 * 1024;
    this.#timeout = options.timeout ?? 2000;
    this.#middleware = chain(...(options.middleware ?? []));
    this.#format = completeClientFormat(options.format);
    this.#scopes = {
      endpoint: endpoint.kind === "origin" ? endpoint.origin + endpoint.base : options.endpoint,
      logger,
      headers: flattenHeaders(options.headers ?? {}),
      signals: new CallerSignals(),
      stop: new StopSignal(),
    };
    this.#source = {
      target: new ClientTarget(endpoint, scheme, options, logger),
      sender: createSender(endpoint, options),
      retry: new RetryPolicy(options.retry),
      maxReceiveBytes,
    };
    this.#compressor = createCompressor(options.compression ?? false);
    this.#streams = {
      mediaType: this.#format.streamMediaType,
      tls: options.tls,
      openConnection: findOpener(options),
      maxReceiveBytes,
      heartbeat: options.heartbeat ?? 15_000,
      openUntil: () => (isLimited(this.#timeout) ? Date.now() + this.#timeout : undefined),
      send: (...parts) => this.#send(...parts),
    };
  }

  /** Throws an `Error` when the rule of the route is wrong. */
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
    this.#scopes.stop.stop(clientClosed());
    this.#source.target.close();
    this.#source.sender.close();
  }

  #createMethod(definition: HttpRoute<DescMessage, DescMessage, MethodKind>): unknown {
    const { kind = "unary" } = definition;
    const route = compileClientRoute(definition, this.#format.format, this.#codecs);
    const handler = this.#middleware(
      kind === "unary"
        ? this.#createUnaryHandler(route)
        : createStreamHandler(this.#streams, route, kind),
    );
    if (kind === "serverStreaming" || kind === "bidiStreaming") {
      return (request: unknown, options?: CallOptions) =>
        this.#callForMany(route, handler, request, options);
    }
    // Streams have no time limit but their caller's.
    const timeout = kind === "unary" ? this.#timeout : 0;
    return (request: unknown, options?: CallOptions) =>
      this.#callForOne(route, handler, timeout, request, options);
  }

  #createUnaryHandler(route: ClientRoute): Handler {
    const { mediaType } = this.#format;
    const compressor = this.#compressor;
    const read = async (reply: IncomingReply): Promise<object> => {
      const bytes = await reply.bytes(this.#source.maxReceiveBytes);
      return route.decode(bytes, reply.header.get("content-type") ?? "");
    };
    return async (request, context) => {
      let encoded = route.encode(request as MessageRecord);
      const own = context as HttpClientContext;
      if (compressor?.concerns(encoded, own.requestHeader) === true) {
        encoded = await compressor.pack(encoded);
      }
      return this.#send(route, encoded, own, mediaType, own.deadline, read);
    };
  }

  async #callForOne(
    route: ClientRoute,
    handler: Handler,
    timeout: number,
    request: unknown,
    options: CallOptions = {},
  ): Promise<unknown> {
    let scope: ClientScope | undefined;
    try {
      scope = this.#begin(route, timeout, options);
      return await handler(request, scope.context);
    } catch (thrown) {
      const error = fromError(thrown);
      scope?.context.abort(error); // what middleware has called and not waited for
      throw error;
    } finally {
      scope?.release();
    }
  }

  #callForMany(
    route: ClientRoute,
    handler: Handler,
    request: unknown,
    options: CallOptions = {},
  ): AsyncIterable<unknown> {
    let scope: ClientScope | undefined;
    const open = async (): Promise<AsyncIterable<unknown>> => {
      const { context } = (scope = this.#begin(route, 0, options));
      try {
        return (await handler(request, context)) as AsyncIterable<unknown>;
      } catch (error) {
        context.abort(fromError(error)); // a stream that middleware has opened and not returned
        throw error;
      }
    };
    return new ReplyIterable(open, (early) => {
      if (early) scope?.context.abort(unread());
      scope?.release();
    });
  }

  #begin(route: ClientRoute, timeout: number, options: CallOptions): ClientScope {
    if (this.#closed) throw clientClosed();
    return new ClientScope(this.#scopes, route, options.timeout ?? timeout, options);
  }

  #send<T>(
    route: ClientRoute,
    encoded: EncodedRequest,
    context: HttpClientContext,
    accept: string,
    until: number | undefined,
    read: ReplyReader<T>,
    sender: HttpSender = this.#source.sender,
  ): Promise<T> {
    const headers = listHeaders(context.requestHeader, encoded, this.#format.mediaType, accept);
    const repeatable = context.repeatable ?? route.repeatable;
    return new HttpClientCall(
      this.#source,
      sender,
      context,
      encoded,
      headers,
      repeatable,
      until,
      read,
    ).run();
  }
}

function createCompressor(
  compression: boolean | ClientCompressionOptions,
): RequestCompressor | undefined {
  if (compression === false) return undefined;
  const modules = findNodeModules();
  if (modules === undefined) throw new TypeError('the option "compression" only works in Node');
  return new RequestCompressor(modules.zlib, compression === true ? {} : compression);
}

function createSender(endpoint: ClientEndpoint, options: HttpClientOptions): HttpSender {
  const modules = options.fetch === undefined ? findNodeModules() : undefined;
  const own = endpoint.kind === "origin" && endpoint.origin === "";
  if (modules !== undefined && !own) {
    return new NodeSender(modules, options.tls ?? {}, findOpener(options));
  }
  const why = options.fetch === undefined ? "only works in Node" : 'cannot be used with "fetch"';
  if (options.tls !== undefined) throw new TypeError(`the option "tls" ${why}`);
  if (endpoint.kind === "origin" && endpoint.origin.startsWith("unix:")) {
    throw new TypeError(`the endpoint "${options.endpoint}" ${why}`);
  }
  return new FetchSender(options.fetch ?? ((input, init) => fetch(input, init)));
}

/** Names and values in turn. Throws a `TypeError` for what HTTP cannot carry. */
function flattenHeaders(given: GivenHeaders): string[] {
  const header = new HeaderMap();
  setHeaders(header, given);
  return [...header.entries()].flatMap(([name, values]) =>
    values.flatMap((value) => [name, value]),
  );
}

function clientClosed(): KratosError {
  return new KratosError(499, "CLIENT_CLOSED", "the client is closed");
}

function unread(): KratosError {
  return new KratosError(499, "CLIENT_CLOSED", "the replies were read no further");
}
