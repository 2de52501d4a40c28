import type { Logger } from "../../../log/logger.ts";
import type { Middleware } from "../../../middleware/middleware.ts";
import type { Discovery } from "../../../registry/discovery.ts";
import type { Balancer } from "../../../selector/balancer.ts";
import type { NodeFilter } from "../../../selector/node-filter.ts";
import type { ClientTlsOptions } from "../../client-tls.ts";
import type { ContentCodec } from "../content/content-codec.ts";
import type { ClientCompressionOptions } from "./client-compression.ts";
import type { ClientRetryOptions } from "./client-retry.ts";

/** Options of {@link HttpClient}. */
export interface HttpClientOptions {
  /**
   * Where to call:
   * - `http://orders:8000`, `https://api.example.com/base`, or `host:port`, which means `http://`, and
   *   `https://` when there is `tls`;
   * - `discovery:///orders`: the instances of a service, found by `discovery`;
   * - `direct:///10.0.0.7:8000,10.0.0.8:8000`: several servers;
   * - `unix:///run/orders.sock`: a Unix socket (Node only);
   * - empty: the page's own origin, in a browser.
   */
  readonly endpoint: string;
  /**
   * A path, such as `/api`, below which the service lies (the option `prefix` of its server). It comes behind the
   * path that the endpoint itself has, or that an instance was registered with. Default: none.
   */
  readonly prefix?: string | undefined;
  /**
   * Milliseconds that a call may take, all attempts and the reply's body included; for a stream, until its
   * WebSocket must be open and the last attempt to open it at all must have begun. 0: no limit. Default: 2000.
   */
  readonly timeout?: number | undefined;
  /**
   * Milliseconds of silence after which a WebSocket is asked whether its service is still there, and given up
   * when that does not answer. 0: never. Default: 15 000.
   */
  readonly heartbeat?: number | undefined;
  /** Around every call, from the outside in; attempts are repeated inside of it. Default: none. */
  readonly middleware?: readonly Middleware[] | undefined;
  /** Sent with every call. Default: none. */
  readonly headers?: Readonly<Record<string, string | readonly string[]>> | undefined;
  /** For the context of calls, and for what goes wrong with discovery. Default: none that writes anything. */
  readonly logger?: Logger | undefined;
  /**
   * How messages are sent and asked for. `protojson`: JSON as `application/protojson`, which services of
   * Kratos v3 need, since their `application/json` is another mapping. `json`: JSON as `application/json`, for
   * Kratos v2, gRPC gateways and all others. `proto`: protobuf binary. Or a format of your own that the
   * service has too. Services of this package take the first three. Streams are always JSON, and replies
   * are read as what they say they are. Default: `protojson`.
   */
  readonly format?: "protojson" | "json" | "proto" | ContentCodec | undefined;
  /**
   * Compress messages that are sent, with gzip (Node only). False, the default: do not, since many services, those
   * of Kratos for Go among them, do not unpack requests; those of this package do. Streams are not compressed.
   */
  readonly compression?: boolean | ClientCompressionOptions | undefined;
  /** The largest reply that is taken, in bytes, unpacked. Default: 4 MiB. */
  readonly maxReceiveBytes?: number | undefined;
  /**
   * Which calls are sent again when they fail. False: none. Default: what a service surely did not get, and
   * calls without effects (`GET`, `HEAD`, `idempotency_level`), up to 3 attempts.
   */
  readonly retry?: false | ClientRetryOptions | undefined;
  /** Finds instances; `discovery:///` needs it. */
  readonly discovery?: Discovery | undefined;
  /** Instances of a service that are called at most, others by each client; 0: all. Default: 25. */
  readonly subset?: number | undefined;
  /** Chooses among several nodes. Belongs to this client alone. Default: weighted round robin. */
  readonly balancer?: Balancer | undefined;
  /** Leave the nodes that a call may go to. Default: all of them. */
  readonly filters?: readonly NodeFilter[] | undefined;
  /** For `https` with certificates of one's own (Node only). Default: the authorities that Node knows. */
  readonly tls?: ClientTlsOptions | undefined;
  /**
   * What sends requests, in place of what suits the platform: Node's `http`, or a browser's `fetch`. For
   * proxies and tests. With it, `tls` and Unix sockets are its own business.
   */
  readonly fetch?: typeof fetch | undefined;
}
