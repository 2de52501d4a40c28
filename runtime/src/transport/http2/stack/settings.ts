import { ConnectionError, ErrorCode } from "./error-code.ts";
import { maxWindow, readUint32 } from "./frame.ts";

/** RFC 9113, section 6.5.2. */
export const Setting = {
  HEADER_TABLE_SIZE: 1,
  ENABLE_PUSH: 2,
  MAX_CONCURRENT_STREAMS: 3,
  INITIAL_WINDOW_SIZE: 4,
  MAX_FRAME_SIZE: 5,
  MAX_HEADER_LIST_SIZE: 6,
} as const;

/** Bytes of one setting. */
export const settingBytes = 6;

/** What hears of the settings of a peer. */
export interface SettingsSink {
  onHeaderTableSize(bytes: number): void;
  onInitialWindowSize(bytes: number): void;
  onMaxFrameSize(bytes: number): void;
}

/**
 * Reads the payload of a SETTINGS frame; settings that are unknown, or say nothing to a server, are passed over.
 * Throws a {@link ConnectionError} for values that cannot be.
 */
export function readSettings(
  bytes: Uint8Array,
  start: number,
  end: number,
  sink: SettingsSink,
): void {
  for (let at = start; at < end; at += settingBytes) {
    const id = ((bytes[at] as number) << 8) | (bytes[at + 1] as number);
    const value = readUint32(bytes, at + 2);
    switch (id) {
      case Setting.HEADER_TABLE_SIZE:
        sink.onHeaderTableSize(value);
        break;
      case Setting.ENABLE_PUSH:
        if (value > 1) throw invalid(ErrorCode.PROTOCOL_ERROR, "ENABLE_PUSH", value);
        break;
      case Setting.INITIAL_WINDOW_SIZE:
        if (value > maxWindow) {
          throw invalid(ErrorCode.FLOW_CONTROL_ERROR, "INITIAL_WINDOW_SIZE", value);
        }
        sink.onInitialWindowSize(value);
        break;
      case Setting.MAX_FRAME_SIZE:
        if (value < 16_384 || value > 16_777_215) {
          throw invalid(ErrorCode.PROTOCOL_ERROR, "MAX_FRAME_SIZE", value);
        }
        sink.onMaxFrameSize(value);
        break;
    }
  }
}

function invalid(code: number, name: string, value: number): ConnectionError {
  return new ConnectionError(code, `SETTINGS with ${name} ${value}`);
}
