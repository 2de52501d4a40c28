/**
 * Bounds on what clients may do and hold, beside those that are options of the server. Times in milliseconds,
 * sizes in bytes.
 */
export interface Http2Limits {
  /** Receive window of one stream; what a stream that is paused may hold. Default: 256 KiB. */
  readonly streamWindow: number;
  /** Receive window of a connection, at least 65 535. Default: 1 MiB. */
  readonly connectionWindow: number;
  /** What all paused streams of a connection may hold before it gets no more credit. Default: 16 MiB. */
  readonly maxHeldBytes: number;
  /** The same for all connections of the engine. Default: 256 MiB. */
  readonly maxHeldBytesTotal: number;
  /** A header block as it travels; a larger one ends the connection. Default: 128 KiB. */
  readonly maxHeaderBlockBytes: number;
  /** CONTINUATION frames of one block. Default: 16. */
  readonly maxContinuations: number;
  /** Replies of a connection that wait for its client; above it no stream is begun. Default: 64 MiB. */
  readonly maxQueuedBytes: number;
  /** The same for all connections of the engine. Default: 512 MiB. */
  readonly maxQueuedBytesTotal: number;
  /** Resets at once. Default: 1000. */
  readonly resetBurst: number;
  /** Resets per second, for ever. Default: 33. */
  readonly resetsPerSecond: number;
  /** Frames that carry no payload and cost work, at once. Default: 1000. */
  readonly controlBurst: number;
  /** Such frames per second, for ever. Default: 100. */
  readonly controlsPerSecond: number;
  /** For the first bytes and settings of a client, and for its answer to ours. Default: 10 s. */
  readonly handshakeTimeout: number;
  /** For one header block, from the first byte to the last. Default: 10 s. */
  readonly headerTimeout: number;
  /** How long a client may take nothing of what was sent. Default: 30 s. */
  readonly stallTimeout: number;
  /** For the answer to the first goodbye, and for the client's end of a closed connection. Default: 1 s. */
  readonly goodbyeTimeout: number;
}

const defaults: Http2Limits = {
  streamWindow: 256 * 1024,
  connectionWindow: 1024 * 1024,
  maxHeldBytes: 16 * 1024 * 1024,
  maxHeldBytesTotal: 256 * 1024 * 1024,
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
  goodbyeTimeout: 1000,
};

const maxWindow = 2 ** 31 - 1;

/** Where a limit is bound itself, by HTTP/2. */
const bounds: Partial<Record<keyof Http2Limits, readonly [least: number, most: number]>> = {
  streamWindow: [1, maxWindow],
  connectionWindow: [65_535, maxWindow],
};

/** Fills what is not given with the defaults. Throws a `TypeError` that names all limits that cannot be. */
export function completeLimits(given: Partial<Http2Limits>): Http2Limits {
  const limits = { ...defaults };
  const problems: string[] = [];
  for (const name of Object.keys(defaults) as (keyof Http2Limits)[]) {
    const value = given[name];
    if (value === undefined) continue;
    const [least, most] = bounds[name] ?? [0, Number.POSITIVE_INFINITY];
    if (!(value >= least && value <= most)) {
      problems.push(`"${name}" must be a number from ${least} to ${most}, not ${String(value)}`);
    }
    limits[name] = value;
  }
  if (problems.length > 0) {
    throw new TypeError(`the limits of the HTTP/2 engine do not fit: ${problems.join("; ")}`);
  }
  return limits;
}
