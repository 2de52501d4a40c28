import type { Logger } from "../../../log/logger.ts";
import type { Middleware } from "../../../middleware/middleware.ts";
import type { Discovery } from "../../../registry/discovery.ts";
import type { Balancer } from "../../../selector/balancer.ts";
import type { NodeFilter } from "../../../selector/node-filter.ts";
import type { ClientTlsOptions } from "../../client-tls.ts";
import type { GrpcCompressionOptions } from "../protocol/gzip.ts";

/** Options of `GrpcClient`. */
export interface GrpcClientOptions {
  /**
   * Where to call:
   * - `orders:9000` or `grpc://orders:9000`, `grpcs://orders:9000` for TLS, which the first two mean, too, when
   *   there is `tls`;
   * - `discovery:///orders`: the instances of a service, found by `discovery`;
   * - `direct:///10.0.0.7:9000,10.0.0.8:9000`: several servers;
   * - `dns:///orders:9000`: all addresses of a name, looked up again when one of them is lost;
   * - `unix:///run/orders.sock`: a Unix socket.
   */
  readonly endpoint: string;
  /** Milliseconds that a unary call may take, all attempts included; streams have no limit. 0: none. Default: 2000. */
  readonly timeout?: number | undefined;
  /** Around every call, from the outside in, around a stream once; attempts are repeated inside of it. Default: none. */
  readonly middleware?: readonly Middleware[] | undefined;
  /** Sent with every call. Default: none. */
  readonly headers?: Readonly<Record<string, string | readonly string[]>> | undefined;
  /** For the context of calls, and for what goes wrong with connections and discovery. Default: none that writes anything. */
  readonly logger?: Logger | undefined;
  /** The largest message that is taken, in bytes, unpacked. Default: 4 MiB. */
  readonly maxReceiveBytes?: number | undefined;
  /** The largest message that is sent, in bytes, unpacked. Default: none that a length of 32 bits can hold. */
  readonly maxSendBytes?: number | undefined;
  /** Compress requests, as gzip; replies are taken compressed whatever this says. False, the default: do not. */
  readonly compression?: boolean | GrpcCompressionOptions | undefined;
  /**
   * Which calls are sent again when they fail. False: none but those that no server has looked at. Default: what
   * the service surely did not do, and calls that may be repeated (`idempotency_level`), up to 3 attempts.
   */
  readonly retry?: false | GrpcRetryOptions | undefined;
  /** Sends calls that may be repeated to a second server before the first has answered. Default: false. */
  readonly hedging?: false | GrpcHedgingOptions | undefined;
  /**
   * Whether calls wait, as long as they may take, while no server can be reached, in place of failing with 503.
   * Default: false.
   */
  readonly waitForReady?: boolean | undefined;
  /** Finds instances; `discovery:///` needs it. */
  readonly discovery?: Discovery | undefined;
  /** Instances of a service that are called at most, others by each client; 0: all. Default: 25. */
  readonly subset?: number | undefined;
  /** Chooses among several nodes. Belongs to this client alone. Default: weighted round robin. */
  readonly balancer?: Balancer | undefined;
  /** Leave the nodes that a call may go to. Default: all of them. */
  readonly filters?: readonly NodeFilter[] | undefined;
  /**
   * Whether servers are asked for their health (`grpc.health.v1.Health`), and left out while they say that they do
   * not serve. Those that do not have the service count as healthy. Default: when there may be several servers.
   */
  readonly healthCheck?: boolean | undefined;
  /** Certificates, and TLS in place of clear text. Default: the authorities that Node knows, for `grpcs`. */
  readonly tls?: ClientTlsOptions | undefined;
  /** How servers are found out that have gone without a word. */
  readonly keepalive?: GrpcClientKeepalive | undefined;
  /**
   * Connections to one server at most. A second one is opened when the server takes no more calls on the first.
   * Default: 8.
   */
  readonly connections?: number | undefined;
  /** Milliseconds without a call after which connections are closed. 0: never. Default: 30 minutes. */
  readonly idleTimeout?: number | undefined;
}

/** How calls are sent again that failed. */
export interface GrpcRetryOptions {
  /** Times that a call is sent at most. Default: 3. */
  readonly attempts?: number | undefined;
  /**
   * Codes, as `KratosError` has them, after which a call that may be repeated is sent again. 429 counts only where
   * the service says by `grpc-retry-pushback-ms` when to come back. Default: 429 and 503.
   */
  readonly statuses?: readonly number[] | undefined;
  /** The longest wait before the first repetition, in milliseconds; doubled for each one more. Default: 50. */
  readonly initialDelay?: number | undefined;
  /** What the longest wait grows to, in milliseconds. Default: 1000. */
  readonly maxDelay?: number | undefined;
}

/** How calls are sent to several servers at a time. */
export interface GrpcHedgingOptions {
  /** Milliseconds that a server has to answer before another one is asked. */
  readonly delay: number;
  /** Times that a call is sent at most. Default: 2. */
  readonly attempts?: number | undefined;
}

/** How a client finds out that servers have gone; in milliseconds. */
export interface GrpcClientKeepalive {
  /**
   * A server that says nothing for this time, while there are calls, is pinged. Servers of gRPC end connections
   * that ping more often than every 5 minutes, unless they are told otherwise. 0: never. Default: 6 minutes.
   */
  readonly time?: number | undefined;
  /** A server that does not answer a ping in this time is gone. Default: 20 000, as in gRPC-Go. */
  readonly timeout?: number | undefined;
  /** Whether servers are also pinged while there is no call. Default: false. */
  readonly permitWithoutStream?: boolean | undefined;
}
