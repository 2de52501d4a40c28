import { base64Decode, base64Encode } from "@bufbuild/protobuf/wire";
import { CodecError } from "./codec-error.ts";

const PLAIN = /^[A-Za-z0-9+/_-]*={0,2}$/;

/** Standard base64 with padding. */
export function toBase64(bytes: Uint8Array): string {
  if (typeof Buffer === "undefined") return base64Encode(bytes); // in a browser
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64");
}

/** Reads standard and URL-safe base64, with or without padding. Throws {@link CodecError}. */
export function fromBase64(text: string): Uint8Array {
  if (typeof Buffer === "undefined" || !PLAIN.test(text)) return decodeExotic(text);
  const size = text.length - (text.endsWith("==") ? 2 : text.endsWith("=") ? 1 : 0);
  if (size % 4 === 1) throw new CodecError("expected base64, got a text of impossible length");
  // not from Node's pool: the bytes belong to the message
  const bytes = Buffer.allocUnsafeSlow(Math.floor((size * 3) / 4));
  bytes.write(text, "base64");
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
}

// White space and inner padding, which protobuf's other implementations accept too.
function decodeExotic(text: string): Uint8Array {
  try {
    return base64Decode(text);
  } catch (cause) {
    throw new CodecError("expected base64, got other text", "", { cause });
  }
}
