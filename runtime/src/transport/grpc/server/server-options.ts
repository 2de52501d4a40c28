import type { JsonOptions } from "../../../codec/index.ts";
import type { Logger } from "../../../log/logger.ts";
import type { Middleware } from "../../../middleware/middleware.ts";
import { createNodeServer } from "../../http2/node/node-server.ts";
import type {
  ConnectionLife,
  CreateServerEngine,
  Http2Engine,
  ServerKeepalive,
  ServerLimits,
} from "../../http2/server-engine.ts";
import { type GrpcCompressionOptions, GzipPacker } from "../protocol/gzip.ts";
import type { OwnServiceOptions } from "../services/own-services.ts";
import { completeTlsOptions, type CompleteTlsOptions, type TlsOptions } from "../../tls-options.ts";

/** Options of `GrpcServer`. All may be `undefined`, so that parsed configuration fits as it is. */
export interface GrpcServerOptions {
  /** `tcp`, `tcp4`, `tcp6` or `unix`. Default, also for `""`: `tcp`. */
  readonly network?: string | undefined;
  /** `host:port`, or a path for `unix`. Default, also for `""`: `:0`, any free port. */
  readonly addr?: string | undefined;
  /**
   * Milliseconds that a unary call may take; a caller's own deadline holds when it is earlier.
   * 0: no limit. Default: 1000.
   */
  readonly timeout?: number | undefined;
  /** Serve over TLS, with `h2` by ALPN, in place of clear text. False, the default: do not. */
  readonly tls?: TlsOptions | false | undefined;
  /** Around every call, streams included, from the outside in. Default: none. */
  readonly middleware?: readonly Middleware[] | undefined;
  /** Default: one that writes to standard output. */
  readonly logger?: Logger | undefined;
  /** How messages become JSON, for clients that speak it instead of protobuf binary. Default: as Kratos has it. */
  readonly json?: Partial<JsonOptions> | undefined;
  /** The largest message that is taken, before and after decompression. Default: 4 MiB, as everywhere in gRPC. */
  readonly maxReceiveBytes?: number | undefined;
  /** The largest message that is sent, uncompressed. Default: none that a length of 32 bits can hold, as gRPC-Go. */
  readonly maxSendBytes?: number | undefined;
  /**
   * Compress replies, as gzip, for clients that can read them. False, the default: do not, since a kilobyte of it
   * takes longer than all else of a call.
   */
  readonly compression?: boolean | GrpcCompressionOptions | undefined;
  /**
   * The metadata of one call in bytes, each field counting 32 more than it has. Default: 64 KiB, as Node and
   * grpc-js have it.
   */
  readonly maxMetadataBytes?: number | undefined;
  /** Calls that one connection may have open at once; further ones wait at the client. Default: 1000. */
  readonly maxConcurrentStreams?: number | undefined;
  /** Milliseconds after which a connection without calls is closed. 0, the default, as in gRPC-Go: never. */
  readonly maxConnectionIdle?: number | undefined;
  /**
   * Milliseconds after which every connection is told to end, up to a tenth sooner or later, so that clients
   * come to know servers that are new. 0, the default, as in gRPC-Go: never.
   */
  readonly maxConnectionAge?: number | undefined;
  /** Milliseconds for which calls may go on after that. 0, the default, as in gRPC-Go: without a limit. */
  readonly maxConnectionAgeGrace?: number | undefined;
  /** How clients that have gone are found, and pings of clients borne. */
  readonly keepalive?: GrpcServerKeepalive | undefined;
  /**
   * Answer `grpc.health.v1.Health`. Default: true. A service of that name that is registered takes its place; with
   * neither, clients take the server for healthy as long as it is there.
   */
  readonly health?: boolean | undefined;
  /**
   * Tell clients such as grpcurl of all services and their protos: `grpc.reflection.v1.ServerReflection` and
   * `v1alpha`. Default: true.
   */
  readonly reflection?: boolean | undefined;
  /** Tell clients of connections and of calls that were counted: `grpc.channelz.v1.Channelz`. Default: false. */
  readonly channelz?: boolean | undefined;
  /** What speaks HTTP/2: `http2Engine()` of `@kratos-ts/runtime/http2`. Default: `node:http2`. */
  readonly engine?: Http2Engine | undefined;
}

/** How a server finds out that clients have gone, and which pings of theirs it bears; in milliseconds. */
export interface GrpcServerKeepalive {
  /** A client that says nothing for this time is pinged. 0: never. Default: 2 hours, as in gRPC-Go. */
  readonly time?: number | undefined;
  /** One that does not answer such a ping in this time is gone. Default: 20 000, as in gRPC-Go. */
  readonly timeout?: number | undefined;
  /**
   * How far apart the pings of a client have to be; after three that came sooner, with nothing sent in between,
   * its connection ends with `too_many_pings`. Default: 5 minutes, as in gRPC-Go.
   */
  readonly minTime?: number | undefined;
  /** Whether clients may ping as often while they have no call. Default: false, as in gRPC-Go. */
  readonly permitWithoutStream?: boolean | undefined;
}

/** {@link GrpcServerOptions} with nothing left open. */
export interface CompleteGrpcServerOptions extends ServerLimits, ConnectionLife, OwnServiceOptions {
  readonly network: string;
  readonly addr: string;
  readonly timeout: number;
  readonly tls: CompleteTlsOptions | undefined;
  readonly middleware: readonly Middleware[];
  readonly maxReceiveBytes: number;
  readonly maxSendBytes: number;
  readonly createEngine: CreateServerEngine;
  /** Undefined: replies go out as they are. */
  readonly packer: GzipPacker | undefined;
}

/** Fills what is not given with the defaults. Throws a `TypeError` for what cannot be. */
export function completeGrpcServerOptions(options: GrpcServerOptions): CompleteGrpcServerOptions {
  const { compression = false } = options;
  return {
    network: options.network ?? "",
    addr: options.addr ?? "",
    timeout: Math.max(0, options.timeout ?? 1000),
    tls: options.tls ? completeTlsOptions(options.tls) : undefined,
    middleware: options.middleware ?? [],
    maxReceiveBytes: options.maxReceiveBytes ?? 4 * 1024 * 1024,
    maxSendBytes: options.maxSendBytes ?? 2 ** 32 - 1,
    health: options.health ?? true,
    reflection: options.reflection ?? true,
    channelz: options.channelz ?? false,
    createEngine: options.engine?.createServer ?? createNodeServer,
    packer:
      compression === false ? undefined : new GzipPacker(compression === true ? {} : compression),
    maxMetadataBytes: options.maxMetadataBytes ?? 64 * 1024,
    maxConcurrentStreams: options.maxConcurrentStreams ?? 1000,
    maxConnectionIdle: Math.max(0, options.maxConnectionIdle ?? 0),
    maxConnectionAge: Math.max(0, options.maxConnectionAge ?? 0),
    maxConnectionAgeGrace: Math.max(0, options.maxConnectionAgeGrace ?? 0),
    keepalive: completeKeepalive(options.keepalive ?? {}),
  };
}

function completeKeepalive(keepalive: GrpcServerKeepalive): ServerKeepalive {
  return {
    time: Math.max(0, keepalive.time ?? 2 * 60 * 60 * 1000),
    timeout: Math.max(0, keepalive.timeout ?? 20_000),
    minTime: Math.max(0, keepalive.minTime ?? 5 * 60 * 1000),
    permitWithoutStream: keepalive.permitWithoutStream ?? false,
  };
}
