import type { IncomingMessage, ServerResponse } from "node:http";
import type { HttpFilter } from "./filter.ts";

/** Which pages of other origins may call a server, and how; see {@link cors}. */
export interface CorsOptions {
  /**
   * `*` for all; origins as browsers send them (`https://app.example.com`), or expressions that match a
   * whole one; or a function that decides.
   */
  readonly origins: "*" | readonly (string | RegExp)[] | ((origin: string) => boolean);
  /** Whether pages may send cookies and other credentials; not with `*`. Default: false. */
  readonly credentials?: boolean | undefined;
  /** Default: GET, HEAD, POST, PUT, PATCH and DELETE. */
  readonly methods?: readonly string[] | undefined;
  /** The request headers that pages may send. Default: those that they ask for. */
  readonly headers?: readonly string[] | undefined;
  /** The reply headers that pages may read, beside the few that they always may. Default: none. */
  readonly exposedHeaders?: readonly string[] | undefined;
  /**
   * Whether pages call by Connect and gRPC-Web: what these need is added to {@link methods} and
   * {@link headers}, where those are given, and to {@link exposedHeaders}. Default: false.
   */
  readonly rpc?: boolean | undefined;
  /** Seconds for which browsers may remember the answer to a preflight. Default: 600. */
  readonly maxAge?: number | undefined;
}

/**
 * A filter that lets browsers' pages of other origins call the server, by the CORS protocol of the Fetch
 * standard. Preflights are answered before routing; of an origin that is not allowed nothing is said, and
 * the browser keeps the reply from the page. Throws a `TypeError` for `origins: "*"` with credentials.
 */
export function cors(options: CorsOptions): HttpFilter {
  const filter = new CorsFilter(options);
  return (next) => (request, response) => {
    if (!filter.answer(request, response)) return next(request, response);
  };
}

class CorsFilter {
  readonly #isAllowed: (origin: string) => boolean;
  readonly #anyOrigin: boolean;
  readonly #credentials: boolean;
  readonly #methods: string;
  readonly #headers: string | undefined;
  readonly #exposed: string;
  readonly #maxAge: string;

  constructor(options: CorsOptions) {
    const { origins, credentials = false, methods = defaultMethods, maxAge = 600 } = options;
    this.#anyOrigin = origins === "*";
    if (this.#anyOrigin && credentials) {
      throw new TypeError(
        'origins "*" with credentials would let every page act as its visitor, list the origins',
      );
    }
    this.#isAllowed = compileOrigins(origins);
    this.#credentials = credentials;
    const { rpc = false, headers, exposedHeaders = [] } = options;
    this.#methods = [...new Set([...methods, ...(rpc ? ["GET", "POST"] : [])])].join(", ");
    this.#headers = headers && [...headers, ...(rpc ? rpcHeaders : [])].join(", ");
    this.#exposed = [...exposedHeaders, ...(rpc ? rpcExposedHeaders : [])].join(", ");
    this.#maxAge = String(maxAge);
  }

  /** Whether the request was a preflight, and is answered. */
  answer(request: IncomingMessage, response: ServerResponse): boolean {
    const { origin } = request.headers;
    // Caches must not give what one origin may read to another, nor to one what was sent to none.
    if (!this.#anyOrigin) response.appendHeader("Vary", "Origin");
    const allowed = origin !== undefined && this.#isAllowed(origin);
    if (allowed) {
      response.setHeader("Access-Control-Allow-Origin", this.#anyOrigin ? "*" : origin);
      if (this.#credentials) response.setHeader("Access-Control-Allow-Credentials", "true");
    }
    if (!isPreflight(request)) {
      if (allowed && this.#exposed !== "") {
        response.setHeader("Access-Control-Expose-Headers", this.#exposed);
      }
      return false;
    }
    if (allowed) this.#allow(request, response);
    response.writeHead(204).end();
    return true;
  }

  #allow(request: IncomingMessage, response: ServerResponse): void {
    response.setHeader("Access-Control-Allow-Methods", this.#methods);
    const asked = request.headers["access-control-request-headers"];
    if (this.#headers === undefined)
      response.appendHeader("Vary", "Access-Control-Request-Headers");
    const headers = this.#headers ?? (asked !== undefined && isHeaderList(asked) ? asked : "");
    if (headers !== "") response.setHeader("Access-Control-Allow-Headers", headers);
    response.setHeader("Access-Control-Max-Age", this.#maxAge);
  }
}

/** What clients of Connect and gRPC-Web send beside what pages always may. */
const rpcHeaders: readonly string[] = [
  "Content-Type",
  "Connect-Protocol-Version",
  "Connect-Timeout-Ms",
  "Grpc-Timeout",
  "X-Grpc-Web",
  "X-User-Agent",
];

/** What they read of replies: where servers and proxies put the outcome of a call without messages. */
const rpcExposedHeaders: readonly string[] = [
  "Grpc-Status",
  "Grpc-Message",
  "Grpc-Status-Details-Bin",
];

const defaultMethods: readonly string[] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"];

function isPreflight({ method, headers }: IncomingMessage): boolean {
  return (
    method === "OPTIONS" &&
    headers.origin !== undefined &&
    headers["access-control-request-method"] !== undefined
  );
}

function isHeaderList(text: string): boolean {
  return /^[\w!#$%&'*+\-.^`|~, ]+$/.test(text);
}

function compileOrigins(origins: CorsOptions["origins"]): (origin: string) => boolean {
  if (origins === "*") return () => true;
  if (typeof origins === "function") return origins;
  const exact = new Set<string>();
  const expressions: RegExp[] = [];
  for (const each of origins) {
    if (typeof each !== "string") {
      // An expression for "example.com" must not also match "example.com.evil.net".
      expressions.push(new RegExp(`^(?:${each.source})$`, each.flags.replace(/[gym]/g, "")));
    } else if (each === "null" || isOrigin(each)) {
      exact.add(each.toLowerCase());
    } else {
      throw new TypeError(`"${each}" is no origin, use one such as "https://app.example.com"`);
    }
  }
  return (origin) =>
    exact.has(origin.toLowerCase()) || expressions.some((expression) => expression.test(origin));
}

function isOrigin(text: string): boolean {
  return /^[a-z][a-z\d+.-]*:\/\/[^/?#\s]+$/i.test(text);
}
