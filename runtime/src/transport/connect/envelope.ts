import { fillPrefix, framePrefixBytes } from "../grpc/protocol/frame.ts";

/** The flag of a message that is compressed. */
export const compressedFlag = 0x01;

/** The flag of the last envelope of a Connect stream: it holds JSON with the outcome. */
export const endStreamFlag = 0x02;

/** The flag of the last frame of a gRPC-Web reply: it holds trailers. */
export const trailersFlag = 0x80;

/** What comes last in a reply: `text` behind its prefix, behind `before` if there is any. */
export function encodeLastEnvelope(
  flags: number,
  text: string,
  before: Uint8Array | undefined,
): Uint8Array {
  const envelope = Buffer.allocUnsafe(framePrefixBytes + Buffer.byteLength(text));
  fillPrefix(envelope);
  envelope[0] = flags;
  envelope.write(text, framePrefixBytes);
  return before === undefined ? envelope : Buffer.concat([before, envelope]);
}
