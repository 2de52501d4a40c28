import type { JsonOptions } from "../../codec/index.ts";
import type { Logger } from "../../log/logger.ts";
import type { Middleware } from "../../middleware/middleware.ts";

/** Options of `HttpServer`. All may be `undefined`, so that parsed configuration fits as it is. */
export interface HttpServerOptions {
  /** `tcp`, `tcp4`, `tcp6` or `unix`. Default, also for `""`: `tcp`. */
  readonly network?: string | undefined;
  /** `host:port`, or a path for `unix`. Default, also for `""`: `:0`, any free port. */
  readonly addr?: string | undefined;
  /**
   * Milliseconds that a call may take, its body included; a caller's own `grpc-timeout` or
   * `x-server-timeout` (seconds) holds when it is earlier. 0: no limit. Default: 1000.
   */
  readonly timeout?: number | undefined;
  /** Around every call, from the outside in. Default: none. */
  readonly middleware?: readonly Middleware[] | undefined;
  /** Default: one that writes to standard output. */
  readonly logger?: Logger | undefined;
  /** How messages become JSON. Default: as Kratos has it. */
  readonly json?: Partial<JsonOptions> | undefined;
  /** The largest body that is read, before and after decompression. Default: 4 MiB. */
  readonly maxBodyBytes?: number | undefined;
  /**
   * Milliseconds after which an idle connection is closed. Default: 65 000, more than the minute after
   * which proxies usually close theirs, so that they never send into a closing one.
   */
  readonly idleTimeout?: number | undefined;
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
}

/** What a server accepts for the sake of clients of other servers. */
export interface CompatOptions {
  /** `1m30s` and `100ms` as durations in paths and queries, as Kratos for Go reads them. */
  readonly goDurations: boolean;
  /** `active` for `ACTIVE` in paths and queries, as Envoy can. */
  readonly enumIgnoreCase: boolean;
  /** Leave all reserved characters in path variables over several segments encoded, as Envoy does. */
  readonly keepReserved: boolean;
}

/** {@link HttpServerOptions} with nothing left open. */
export interface CompleteServerOptions {
  readonly network: string;
  readonly addr: string;
  readonly timeout: number;
  readonly middleware: readonly Middleware[];
  readonly json: Partial<JsonOptions>;
  readonly maxBodyBytes: number;
  readonly idleTimeout: number;
  readonly strict: StrictOptions;
  readonly compat: CompatOptions;
}

/** Fills what is not given with the defaults. */
export function completeServerOptions(options: HttpServerOptions): CompleteServerOptions {
  const { strict = false, compat } = options;
  const given = typeof strict === "boolean" ? {} : strict;
  const rest = strict === true;
  const complete: StrictOptions = {
    slash: given.slash ?? rest,
    query: given.query ?? rest,
    fields: given.fields ?? rest,
    body: given.body ?? rest,
  };
  return {
    network: options.network ?? "",
    addr: options.addr ?? "",
    timeout: Math.max(0, options.timeout ?? 1000),
    middleware: options.middleware ?? [],
    json: { ignoreUnknown: !complete.fields, ...options.json },
    maxBodyBytes: options.maxBodyBytes ?? 4 * 1024 * 1024,
    idleTimeout: options.idleTimeout ?? 65_000,
    strict: complete,
    compat: {
      goDurations: compat?.goDurations ?? false,
      enumIgnoreCase: compat?.enumIgnoreCase ?? false,
      keepReserved: compat?.keepReserved ?? false,
    },
  };
}
