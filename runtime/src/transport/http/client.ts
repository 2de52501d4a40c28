import type { DescMessage, MessageInitShape, MessageShape } from "@bufbuild/protobuf";
import { fromError } from "../../errors/from-error.ts";
import { findKratosError, KratosError } from "../../errors/kratos-error.ts";
import { parseStatusJson } from "../../errors/status-json.ts";
import type { Logger } from "../../log/logger.ts";
import { silentLogger } from "../../log/silent-logger.ts";
import { chain, type Middleware } from "../../middleware/middleware.ts";
import { toAbortError, tooLate } from "../abort-error.ts";
import type { CallOptions, HttpCaller, HttpRoute } from "../method.ts";
import { HttpClientContext } from "./client-context.ts";
import { type ClientRoute, compileClientRoute } from "./client-route.ts";
import type { MessageRecord } from "./field-access.ts";
import { readReplyBody } from "./reply-body.ts";

/** Options of {@link HttpClient}. */
export interface HttpClientOptions {
  /**
   * Where to call: `http://orders:8000`, `https://api.example.com/base`, or `host:port`, which means
   * `http://`. Empty: the page's own origin, in a browser.
   */
  readonly endpoint: string;
  /** Milliseconds that a call may take, the reply's body included. 0: no limit. Default: 2000. */
  readonly timeout?: number | undefined;
  /** Around every call, from the outside in. Default: none. */
  readonly middleware?: readonly Middleware[] | undefined;
  /** Sent with every call. Default: none. */
  readonly headers?: Readonly<Record<string, string | readonly string[]>> | undefined;
  /** For the context of calls. Default: none that writes anything. */
  readonly logger?: Logger | undefined;
  /**
   * Under which name JSON is sent and asked for. `protojson`: `application/protojson`, which services of
   * Kratos v3 need, since their `application/json` is another mapping. `json`: `application/json`, for
   * Kratos v2, gRPC gateways and all others. Services of this package take both. Default: `protojson`.
   */
  readonly format?: "protojson" | "json" | undefined;
  /** The largest reply that is taken, in bytes, unpacked. Default: 4 MiB. */
  readonly maxReceiveBytes?: number | undefined;
  /** What sends requests, for proxies or tests. Default: the global `fetch`. */
  readonly fetch?: typeof fetch | undefined;
}

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
  readonly #mediaType: string;
  readonly #maxReceiveBytes: number;
  readonly #fetch: typeof fetch;
  readonly #routes = new WeakMap<object, ClientRoute>();
  #closed = false;

  /** Throws a `TypeError` for an endpoint that is no URL. */
  constructor(options: HttpClientOptions) {
    this.#endpoint = parseEndpoint(options.endpoint);
    this.#timeout = options.timeout ?? 2000;
    this.#middleware = chain(...(options.middleware ?? []));
    this.#headers = options.headers ?? {};
    this.#logger = options.logger ?? silentLogger;
    this.#mediaType = `application/${options.format ?? "protojson"}`;
    this.#maxReceiveBytes = options.maxReceiveBytes ?? 4 * 1024 * 1024;
    // Browsers refuse to run their fetch as a method of anything else.
    this.#fetch = options.fetch ?? ((input, init) => fetch(input, init));
  }

  async call<I extends DescMessage, O extends DescMessage>(
    route: HttpRoute<I, O>,
    request: MessageInitShape<I>,
    options: CallOptions = {},
  ): Promise<MessageShape<O>> {
    if (this.#closed) throw new KratosError(499, "CLIENT_CLOSED", "the client is closed");
    const compiled = this.#routeOf(route);
    const timeout = options.timeout ?? this.#timeout;
    const limited = timeout > 0 && Number.isFinite(timeout);
    const context = new HttpClientContext(
      compiled.operation,
      this.#endpoint,
      this.#logger,
      limited ? Date.now() + timeout : undefined,
      compiled.pathTemplate,
      options.onHeader,
    );
    addHeaders(context, this.#headers);
    addHeaders(context, options.headers ?? {});

    const { signal } = options;
    const abort = () => context.abort(toAbortError(signal?.reason));
    if (signal?.aborted === true) abort();
    signal?.addEventListener("abort", abort, { once: true });
    const timer = limited
      ? setTimeout(
          () => context.abort(tooLate(`"${compiled.operation}" took longer than ${timeout} ms`)),
          Math.min(timeout, maxDelay),
        )
      : undefined;
    try {
      return (await compiled.handler(request, context)) as MessageShape<O>;
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", abort);
    }
  }

  /** Ends the client: further calls fail. Calls that run go on. */
  close(): void {
    this.#closed = true;
  }

  #routeOf(route: HttpRoute<DescMessage, DescMessage>): ClientRoute {
    let compiled = this.#routes.get(route);
    if (compiled === undefined) {
      compiled = compileClientRoute(route, (compiled) =>
        this.#middleware((request, context) =>
          this.#send(compiled, request as MessageRecord, context as HttpClientContext),
        ),
      );
      this.#routes.set(route, compiled);
    }
    return compiled;
  }

  async #send(
    route: ClientRoute,
    request: MessageRecord,
    context: HttpClientContext,
  ): Promise<object> {
    const { method, path, body, contentType } = route.encode(request);
    const headers = new Headers();
    headers.set("Accept", this.#mediaType);
    if (body !== undefined) headers.set("Content-Type", contentType ?? this.#mediaType);
    for (const [name, values] of context.requestHeader.entries()) {
      if (isConnectionHeader(name)) continue;
      headers.delete(name);
      for (const value of values) headers.append(name, value);
    }
    let response: Response;
    try {
      response = await this.#fetch(this.#endpoint + path, {
        method,
        headers,
        body: (body as RequestInit["body"]) ?? null,
        signal: context.signal,
      });
    } catch (error) {
      throw this.#failure(context, error);
    }
    try {
      context.receive(response.headers);
    } catch (error) {
      response.body?.cancel().catch(() => undefined);
      throw fromError(error);
    }
    let bytes: Uint8Array;
    try {
      bytes = await readReplyBody(response, this.#maxReceiveBytes, context.signal);
    } catch (error) {
      throw this.#failure(context, error);
    }
    const type = response.headers.get("content-type") ?? "";
    if (response.ok) return route.decode(bytes, type);
    throw toError(response, new TextDecoder().decode(bytes));
  }

  #failure(context: HttpClientContext, error: unknown): unknown {
    if (context.aborted) return context.signal.reason;
    return findKratosError(error) ?? unreachable(this.#endpoint, error);
  }
}

/** The longest delay that `setTimeout` takes. */
const maxDelay = 2 ** 31 - 1;

/** Headers of one connection, which `fetch` writes itself: what passes on what it got may hold them. */
function isConnectionHeader(name: string): boolean {
  switch (name) {
    case "connection":
    case "content-length":
    case "expect":
    case "keep-alive":
    case "proxy-connection":
    case "te":
    case "trailer":
    case "transfer-encoding":
    case "upgrade":
      return true;
    default:
      return false;
  }
}

function parseEndpoint(endpoint: string): string {
  if (endpoint === "") return "";
  const text = endpoint.includes("://") ? endpoint : `http://${endpoint}`;
  if (!/^https?:\/\//i.test(text) || !URL.canParse(text)) {
    throw new TypeError(`"${endpoint}" is no endpoint, use a URL such as "http://127.0.0.1:8000"`);
  }
  const { origin, pathname, username, password, search, hash } = new URL(text);
  if (username !== "" || password !== "") {
    throw new TypeError(
      `the endpoint at "${origin}" must not hold a user, use the header "Authorization"`,
    );
  }
  if (search !== "" || hash !== "") {
    throw new TypeError(`the endpoint "${endpoint}" must end with its path`);
  }
  return origin + pathname.replace(/\/+$/, "");
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

function toError(response: Response, text: string): KratosError {
  const error = parseStatusJson(text, response.status);
  if (error.message !== "" || error.reason !== "") return error;
  const message = `the service answered ${response.status} ${response.statusText}`.trimEnd();
  return new KratosError(response.status, "", message, {
    metadata: error.metadata,
    ...(error.cause !== undefined && { cause: error.cause }),
  });
}

function unreachable(endpoint: string, error: unknown): KratosError {
  // fetch only says that it failed; the reason is the cause of its error.
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const reason = cause instanceof Error ? cause.message : String(cause);
  const message = `cannot reach "${endpoint}": ${reason}`;
  return new KratosError(503, "UNREACHABLE", message, { cause: error });
}
