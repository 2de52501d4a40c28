import type { JsonOptions } from "../../../codec/index.ts";
import type { Logger } from "../../../log/logger.ts";
import type { Middleware } from "../../../middleware/middleware.ts";
import { type CompressionOptions, ReplyCompressor } from "../reply/compression.ts";
import type { ContentCodec } from "../content/content-codec.ts";
import { ContentFormats } from "../content/content-formats.ts";
import { GzipPacker } from "../../grpc/protocol/gzip.ts";
import { completeTlsOptions, type CompleteTlsOptions, type TlsOptions } from "../../tls-options.ts";
import type { Envelope } from "../reply/envelope.ts";
import type { HttpFilter } from "../filter/filter.ts";
import { compilePrefix } from "../routing/path-prefix.ts";
import { completeRequestId, type RequestIdOptions } from "../filter/request-id.ts";
import type { TrustProxy } from "../filter/trust-proxy.ts";

/** Options of `HttpServer`. All may be `undefined`, so that parsed configuration fits as it is. */
export interface HttpServerOptions {
  /** `tcp`, `tcp4`, `tcp6` or `unix`. Default, also for `""`: `tcp`. */
  readonly network?: string | undefined;
  /** `host:port`, or a path for `unix`. Default, also for `""`: `:0`, any free port. */
  readonly addr?: string | undefined;
  /**
   * Milliseconds that a unary call may take, its body included; a caller's own `grpc-timeout` or
   * `x-server-timeout` (seconds) holds when it is earlier. 0: no limit. Default: 1000.
   */
  readonly timeout?: number | undefined;
  /** Serve HTTPS in place of HTTP. False, the default: do not. */
  readonly tls?: TlsOptions | false | undefined;
  /** Over TLS, speak HTTP/2 with clients that prefer it. Default: true. */
  readonly http2?: boolean | undefined;
  /** A path, such as `/api`, below which all routes lie. Default: none. */
  readonly prefix?: string | undefined;
  /** Around every request, those that no route serves included, from the outside in. Default: none. */
  readonly filters?: readonly HttpFilter[] | undefined;
  /** Around every call, from the outside in. Default: none. */
  readonly middleware?: readonly Middleware[] | undefined;
  /** Default: one that writes to standard output. */
  readonly logger?: Logger | undefined;
  /** How messages become JSON. Default: as Kratos has it. */
  readonly json?: Partial<JsonOptions> | undefined;
  /** Formats of bodies beside JSON, protobuf binary and forms. Default: none. */
  readonly codecs?: readonly ContentCodec[] | undefined;
  /**
   * Compress replies for clients that can read them, but for streams. False, the default: do not, since most
   * deployments have a proxy for it, and a reply that holds a secret beside what a client sent should not be.
   */
  readonly compression?: boolean | CompressionOptions | undefined;
  /** The largest body that is read, in bytes, before and after decompression. Default: 4 MiB. */
  readonly maxBodyBytes?: number | undefined;
  /**
   * Milliseconds after which an idle connection is closed. 0: never. Default: 65 000, more than the minute after
   * which proxies usually close theirs, so that they never send into a closing one.
   */
  readonly idleTimeout?: number | undefined;
  /**
   * Milliseconds that a client may take none of what waits for it, of a stream as of a large reply; then its
   * connection is closed, over HTTP/2 its stream. A client that is slow but takes something is never cut off. 0: no
   * limit. Default: 60 000.
   */
  readonly sendTimeout?: number | undefined;
  /** The largest head of a request, URL and headers together, in bytes. Default: 16 KiB. */
  readonly maxHeaderBytes?: number | undefined;
  /**
   * Milliseconds in which the head of a request must come, and the first bytes on a new connection; then it
   * is closed with 408. 0: no limit. Default: 15 000.
   */
  readonly headersTimeout?: number | undefined;
  /**
   * Milliseconds in which a whole request must come, also where no `timeout` holds, as for uploads; then the
   * connection is closed with 408. 0: no limit. Default: 300 000.
   */
  readonly requestTimeout?: number | undefined;
  /** How many connections may be open; further ones are answered with 503 and closed. 0, the default: any. */
  readonly maxConnections?: number | undefined;
  /**
   * Give each request an ID: the one it came with, else a new one. It is in the reply, in the request's
   * headers and in the records of the call's logger (`request_id`). Default: false.
   */
  readonly requestId?: boolean | RequestIdOptions | undefined;
  /**
   * Which proxies are believed what they say of the client (`Forwarded`, `X-Forwarded-For`, `-Proto`,
   * `-Host`). Default: none.
   */
  readonly trustProxy?: TrustProxy | undefined;
  /** Puts replies and errors into an object of your own making. Default: none. */
  readonly envelope?: Envelope | undefined;
  /**
   * Milliseconds after which a stream that says nothing shows that it lives, so that proxies keep its
   * connection; a WebSocket whose client does not answer within the same time is closed. 0: never.
   * Default: 15 000.
   */
  readonly heartbeat?: number | undefined;
  /**
   * Origins whose pages may open WebSockets, such as `https://app.example.com`, beside the server's own host;
   * `*`: all. Default: none.
   */
  readonly allowedOrigins?: readonly string[] | undefined;
  /**
   * Refuse calls over Connect that do not say `Connect-Protocol-Version: 1` (`connect=v1` in a query), which
   * tools for plain HTTP leave out. Default: false.
   */
  readonly requireConnectProtocolHeader?: boolean | undefined;
  /** Refuse what is let pass by default; `true` for all of it. Default: false. */
  readonly strict?: boolean | Partial<StrictOptions> | undefined;
  /** Accept what other servers accept. Default: none of it. */
  readonly compat?: Partial<CompatOptions> | undefined;
}

/** What a strict server refuses. */
export interface StrictOptions {
  /** `/v1/items/` is not `/v1/items`: 404. */
  readonly slash: boolean;
  /** Query parameters that name no field: 400. */
  readonly query: boolean;
  /** JSON members that name no field: 400. */
  readonly fields: boolean;
  /** A body where the rule has none: 400. */
  readonly body: boolean;
  /** A body that gives a field of the path another value, which the path replaces otherwise: 400. */
  readonly path: boolean;
  /** An `Accept` that allows no format that a reply can have: 406. */
  readonly accept: boolean;
}

/** What a server accepts for the sake of clients of other servers. */
export interface CompatOptions {
  /** `1m30s` and `100ms` as durations in paths and queries, as Kratos for Go reads them. */
  readonly goDurations: boolean;
  /** `active` for `ACTIVE` in paths and queries, as Envoy can. */
  readonly enumIgnoreCase: boolean;
  /** Leave all reserved characters in path variables over several segments encoded, as Envoy does. */
  readonly keepReserved: boolean;
  /**
   * Fill the field mask of a `PATCH` that comes without one from the members of its JSON body, where the rule
   * names a field as the body and the request has one field mask, as grpc-gateway does.
   */
  readonly fillMask: boolean;
}

/** {@link HttpServerOptions} with nothing left open. */
export interface CompleteServerOptions {
  readonly network: string;
  readonly addr: string;
  readonly timeout: number;
  readonly middleware: readonly Middleware[];
  readonly json: Partial<JsonOptions>;
  readonly formats: ContentFormats;
  /** Undefined: replies go out as they are. */
  readonly compressor: ReplyCompressor | undefined;
  /** The same for the messages of streams and of gRPC; undefined also where gzip is not offered. */
  readonly packer: GzipPacker | undefined;
  readonly maxBodyBytes: number;
  readonly idleTimeout: number;
  readonly sendTimeout: number;
  readonly tls: CompleteTlsOptions | undefined;
  readonly http2: boolean;
  /** Empty, or starts with a slash and ends with none. */
  readonly prefix: string;
  readonly filters: readonly HttpFilter[];
  readonly maxHeaderBytes: number;
  readonly headersTimeout: number;
  readonly requestTimeout: number;
  readonly maxConnections: number;
  /** The name of the header; empty: requests get no ID. */
  readonly requestIdHeader: string;
  readonly trustProxy: TrustProxy | undefined;
  readonly envelope: Envelope | undefined;
  readonly heartbeat: number;
  readonly allowedOrigins: readonly string[];
  readonly requireConnectProtocolHeader: boolean;
  readonly strict: StrictOptions;
  readonly compat: CompatOptions;
}

/** Fills what is not given with the defaults. Throws a `TypeError` for what cannot be. */
export function completeServerOptions(options: HttpServerOptions): CompleteServerOptions {
  const { strict = false, compat, compression = false } = options;
  const given = typeof strict === "boolean" ? {} : strict;
  const rest = strict === true;
  const complete: StrictOptions = {
    slash: given.slash ?? rest,
    query: given.query ?? rest,
    fields: given.fields ?? rest,
    body: given.body ?? rest,
    path: given.path ?? rest,
    accept: given.accept ?? rest,
  };
  return {
    network: options.network ?? "",
    addr: options.addr ?? "",
    timeout: Math.max(0, options.timeout ?? 1000),
    middleware: options.middleware ?? [],
    json: { ignoreUnknown: !complete.fields, ...options.json },
    formats: new ContentFormats(options.codecs),
    compressor:
      compression === false
        ? undefined
        : new ReplyCompressor(compression === true ? {} : compression),
    packer: createPacker(compression),
    maxBodyBytes: options.maxBodyBytes ?? 4 * 1024 * 1024,
    idleTimeout: options.idleTimeout ?? 65_000,
    sendTimeout: Math.max(0, options.sendTimeout ?? 60_000),
    tls: options.tls ? completeTlsOptions(options.tls) : undefined,
    http2: options.http2 ?? true,
    prefix: compilePrefix(options.prefix ?? ""),
    filters: options.filters ?? [],
    maxHeaderBytes: options.maxHeaderBytes ?? 16 * 1024,
    headersTimeout: Math.max(0, options.headersTimeout ?? 15_000),
    requestTimeout: Math.max(0, options.requestTimeout ?? 300_000),
    maxConnections: Math.max(0, options.maxConnections ?? 0),
    requestIdHeader: completeRequestId(options.requestId),
    trustProxy: options.trustProxy,
    envelope: options.envelope,
    heartbeat: Math.max(0, options.heartbeat ?? 15_000),
    allowedOrigins: (options.allowedOrigins ?? []).map((origin) => origin.toLowerCase()),
    requireConnectProtocolHeader: options.requireConnectProtocolHeader ?? false,
    strict: complete,
    compat: {
      goDurations: compat?.goDurations ?? false,
      enumIgnoreCase: compat?.enumIgnoreCase ?? false,
      keepReserved: compat?.keepReserved ?? false,
      fillMask: compat?.fillMask ?? false,
    },
  };
}

function createPacker(compression: boolean | CompressionOptions): GzipPacker | undefined {
  if (compression === false) return undefined;
  if (compression === true) return new GzipPacker({});
  return compression.encodings?.includes("gzip") === false
    ? undefined
    : new GzipPacker(compression);
}
