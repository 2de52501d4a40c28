/** RFC 9113, section 6. */
export const FrameType = {
  DATA: 0,
  HEADERS: 1,
  PRIORITY: 2,
  RST_STREAM: 3,
  SETTINGS: 4,
  PUSH_PROMISE: 5,
  PING: 6,
  GOAWAY: 7,
  WINDOW_UPDATE: 8,
  CONTINUATION: 9,
} as const;

/** Flags of frames; which of them mean anything depends on the type. */
export const FrameFlag = {
  NONE: 0,
  END_STREAM: 0x1,
  ACK: 0x1,
  END_HEADERS: 0x4,
  PADDED: 0x8,
  PRIORITY: 0x20,
} as const;

/** Bytes before each frame's payload. */
export const frameHeaderBytes = 9;

/** The largest payload that anybody takes without having said so, and the largest that we take. */
export const defaultFrameBytes = 16_384;

/** The size of a window before anybody has said anything. */
export const defaultWindow = 65_535;

/** The largest size of a window. */
export const maxWindow: number = 2 ** 31 - 1;

/** What a client sends before its first frame (RFC 9113, section 3.4). */
export const clientPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/** Reads four bytes, the first bit of which is reserved: stream ids, window increments. */
export function readUint31(bytes: Uint8Array, at: number): number {
  return readUint32(bytes, at) & 0x7fff_ffff;
}

/** Reads four bytes. */
export function readUint32(bytes: Uint8Array, at: number): number {
  return (
    (((bytes[at] as number) << 24) |
      ((bytes[at + 1] as number) << 16) |
      ((bytes[at + 2] as number) << 8) |
      (bytes[at + 3] as number)) >>>
    0
  );
}
