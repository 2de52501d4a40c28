import type { EngineLimit } from "../server-engine.ts";

/** Why a stream or connection ends (RFC 9113, section 7). */
export const ErrorCode = {
  NO_ERROR: 0,
  PROTOCOL_ERROR: 1,
  INTERNAL_ERROR: 2,
  FLOW_CONTROL_ERROR: 3,
  SETTINGS_TIMEOUT: 4,
  STREAM_CLOSED: 5,
  FRAME_SIZE_ERROR: 6,
  REFUSED_STREAM: 7,
  CANCEL: 8,
  COMPRESSION_ERROR: 9,
  CONNECT_ERROR: 10,
  ENHANCE_YOUR_CALM: 11,
  INADEQUATE_SECURITY: 12,
  HTTP_1_1_REQUIRED: 13,
} as const;

/**
 * What a peer did makes it impossible to go on with the connection. Never leaves the engine: it becomes
 * a GOAWAY with the code, and the message as its debug data.
 */
export class ConnectionError extends Error {
  override readonly name = "ConnectionError";
  readonly code: number;
  /** The bound that was crossed; undefined: it was no HTTP/2. */
  readonly limit: EngineLimit | undefined;

  constructor(code: number, message: string, limit?: EngineLimit) {
    super(message);
    this.code = code;
    this.limit = limit;
  }
}
