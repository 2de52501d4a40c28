/**
 * The boundary between the gRPC protocol and the HTTP/2 engine under it. The protocol knows HTTP/2 by these
 * declarations alone, so that another engine can take the place of the one in `node/`.
 *
 * Bytes travel as ranges of larger buffers; events arrive as method calls on one sink object per stream;
 * constant header blocks are {@link HeaderSet}s, whose encoded form an engine may keep.
 */

/** A header block that came from the other side. Names are in lower case. */
export interface HeaderView {
  /** The value of `name`, pseudo-headers (`:path`) included; several values are joined with `, `. */
  get(name: string): string | undefined;
  /** Calls `visit` for every field but pseudo-headers, repeated names included, in order of arrival. */
  forEach(visit: (name: string, value: string) => void): void;
  /** Set when fields are missing, since the block was larger than the engine takes. Absent: false. */
  readonly tooLarge?: boolean;
}

/** One header field to send; the name is in lower case. */
export type Field = readonly [name: string, value: string];

/** A constant list of fields. Make it once: engines keep what they derive from it in `encoded`. */
export class HeaderSet {
  readonly fields: readonly Field[];
  /** Belongs to the engine that sends this set. */
  encoded: unknown = undefined;

  constructor(fields: readonly Field[]) {
    this.fields = fields;
  }
}

/** Fields to send, pseudo-headers first. */
export type Fields = HeaderSet | readonly Field[];

/** Error codes of HTTP/2 that the gRPC protocol gives a meaning (RFC 9113, section 7). */
export const ResetCode = {
  NO_ERROR: 0,
  PROTOCOL_ERROR: 1,
  INTERNAL_ERROR: 2,
  REFUSED_STREAM: 7,
  CANCEL: 8,
  ENHANCE_YOUR_CALM: 11,
  INADEQUATE_SECURITY: 12,
} as const;

/** What an engine tells about one stream. No call follows `onReset`, nor the end of both directions. */
export interface StreamSink {
  /** Payload; `bytes` may be reused once this returns. */
  onData(bytes: Uint8Array, start: number, end: number): void;
  /** The other side sends no more; `trailers` when it closed with some. */
  onEnd(trailers?: HeaderView): void;
  /**
   * The stream died. On a client `cause` is there when the connection was lost under it, on a server when
   * the server's own shutdown cut it off.
   */
  onReset(code: number, cause?: Error): void;
  /**
   * On a server: the connection is about to be cut off, for `cause`. What is sent within this call may still get
   * to the client; `onReset` follows for streams that it does not end. Absent: `onReset` alone tells.
   */
  onCutOff?(cause: Error): void;
  /** What `write` refused to take more of has left. */
  onDrain(): void;
  /**
   * Whether work for the stream still goes on, though it may be over. Such work counts against
   * `maxConcurrentStreams`, so that nobody starts without end what he then gives up.
   * Absent: false.
   */
  readonly busy?: boolean;
}

/** Both directions of a stream, as either side sees it. All methods are without effect once it has died. */
export interface Stream {
  /** Whether nothing of what was sent is looked at any more: it may be changed. Absent: nobody knows. */
  readonly copied?: boolean;
  /** Sends payload. False: wait for `onDrain` before more. `bytes` must stay unchanged until sent. */
  write(bytes: Uint8Array): boolean;
  /** Kills the stream in both directions. `onReset` is not called for it. */
  reset(code: number): void;
  /** Stops `onData`; the other side may send until the stream's window is full. */
  pause(): void;
  resume(): void;
}
