import { FrameFlag, FrameType } from "../../src/transport/http2/stack/frame.ts";
import { block, data, frame, type RawField, type ReceivedFrame } from "../http2/raw-client.ts";
import { requestFrame } from "./raw-call.ts";

/** HEADERS that open a call of the test's service, as bytes; the request stays open. */
export function openCall(id: number, method: string, fields: readonly RawField[] = []): Buffer {
  const all: RawField[] = [
    [":method", "POST"],
    [":scheme", "http"],
    [":path", `/test.echo.v1.EchoService/${method}`],
    [":authority", "localhost"],
    ["content-type", "application/grpc"],
    ["te", "trailers"],
    ...fields,
  ];
  return frame(FrameType.HEADERS, FrameFlag.END_HEADERS, id, block(...all));
}

/** A whole call with one request, as bytes. */
export function wholeCall(id: number, method: string, fields: readonly RawField[] = []): Buffer {
  return Buffer.concat([
    openCall(id, method, fields),
    data(id, requestFrame({ text: "hello" }), true),
  ]);
}

/** Whether a frame is the GOAWAY with this code, or any. */
export function isGoaway(code?: number): (frame: ReceivedFrame) => boolean {
  return ({ type, payload }) =>
    type === FrameType.GOAWAY && (code === undefined || payload.readUInt32BE(4) === code);
}

/** Whether a frame ends the stream with this number. */
export function isEndOf(id: number): (frame: ReceivedFrame) => boolean {
  return (frame) => {
    if (frame.id !== id) return false;
    if (frame.type === FrameType.RST_STREAM) return true;
    const carries = frame.type === FrameType.DATA || frame.type === FrameType.HEADERS;
    return carries && (frame.flags & FrameFlag.END_STREAM) !== 0;
  };
}
