import type { ServerEngineOptions } from "../server-engine.ts";

/** Bounds on what peers may do and hold. Times in milliseconds, sizes in bytes. */
export interface Http2Limits {
  /** Streams that one connection may have open at once. */
  readonly maxConcurrentStreams: number;
  /** Receive window of one stream; what a stream that is paused may hold. Default: 256 KiB. */
  readonly streamWindow: number;
  /** Receive window of a connection. Default: 1 MiB. */
  readonly connectionWindow: number;
  /** What all paused streams of a connection may hold before it gets no more credit. Default: 16 MiB. */
  readonly maxHeldBytes: number;
  /** Header fields of a request, each counting 32 more than it has. Default: 64 KiB. */
  readonly maxHeaderListBytes: number;
  /** A header block as it travels; a larger one ends the connection. Default: 128 KiB. */
  readonly maxHeaderBlockBytes: number;
  /** CONTINUATION frames of one block. Default: 16. */
  readonly maxContinuations: number;
  /** Replies of a connection that wait for its client; above it no stream is begun. Default: 64 MiB. */
  readonly maxQueuedBytes: number;
  /** The same for all connections of the server. Default: 512 MiB. */
  readonly maxQueuedBytesTotal: number;
  /** Resets at once, and per second. Default: 1000, 33. */
  readonly resetBurst: number;
  readonly resetsPerSecond: number;
  /** Frames that carry no payload and cost work, at once and per second. Default: 1000, 100. */
  readonly controlBurst: number;
  readonly controlsPerSecond: number;
  /** For the first bytes and settings of a client, and for its answer to ours. Default: 10 s. */
  readonly handshakeTimeout: number;
  /** For one header block, from the first byte to the last. Default: 10 s. */
  readonly headerTimeout: number;
  /** How long a client may take nothing of what was sent. Default: 30 s. */
  readonly stallTimeout: number;
  /** How long a connection may be without streams; 0: for ever, which is the default. */
  readonly idleTimeout: number;
  /** After so much silence a client is pinged; 0: never. Default: 2 hours. */
  readonly keepAliveTime: number;
  /** For the answer to such a ping. Default: 20 s. */
  readonly keepAliveTimeout: number;
  /** For the answer to the first goodbye, and for the client's end of a closed connection. Default: 1 s. */
  readonly goodbyeTimeout: number;
}

/** The limits that a server asks for; `own` comes before what its options say. */
export function completeLimits(
  options: ServerEngineOptions,
  own: Partial<Http2Limits> = {},
): Http2Limits {
  return {
    maxConcurrentStreams: options.maxConcurrentStreams,
    streamWindow: 256 * 1024,
    connectionWindow: 1024 * 1024,
    maxHeldBytes: 16 * 1024 * 1024,
    maxHeaderListBytes: options.maxMetadataBytes,
    maxHeaderBlockBytes: 128 * 1024,
    maxContinuations: 16,
    maxQueuedBytes: 64 * 1024 * 1024,
    maxQueuedBytesTotal: 512 * 1024 * 1024,
    resetBurst: 1000,
    resetsPerSecond: 33,
    controlBurst: 1000,
    controlsPerSecond: 100,
    handshakeTimeout: 10_000,
    headerTimeout: 10_000,
    stallTimeout: 30_000,
    idleTimeout: options.maxConnectionIdle,
    keepAliveTime: options.keepalive.time,
    keepAliveTimeout: options.keepalive.timeout,
    goodbyeTimeout: 1000,
    ...own,
  };
}
