import { GrpcCode } from "../../errors/grpc-code.ts";
import { GrpcFailure } from "../grpc/protocol/status.ts";

/** What the query of a Connect request without a body says. */
export interface QueryRequest {
  /** The value of `connect`: the version of the protocol, `v1`. */
  readonly version: string | undefined;
  /** `json` or `proto`. */
  readonly encoding: string | undefined;
  readonly compression: string | undefined;
  /** The bytes of the message, unpacked from base64, or what is wrong with them. */
  readonly message: Uint8Array | GrpcFailure;
}

/** Reads a query, which is what follows the question mark. Of a name that comes twice, the first counts. */
export function readQueryRequest(query: string): QueryRequest {
  const values = new Map<string, Buffer | undefined>();
  for (const part of query.split("&")) {
    const equals = part.indexOf("=");
    const name = equals < 0 ? part : part.slice(0, equals);
    if (!values.has(name)) values.set(name, decode(equals < 0 ? "" : part.slice(equals + 1)));
  }
  return {
    version: values.get("connect")?.toString(),
    encoding: values.get("encoding")?.toString(),
    compression: values.get("compression")?.toString(),
    message: readMessage(values),
  };
}

function readMessage(values: ReadonlyMap<string, Buffer | undefined>): Uint8Array | GrpcFailure {
  if (!values.has("message")) return invalid('the query has no "message"');
  const message = values.get("message");
  if (message === undefined) return invalid('"message" in the query is not percent-encoded');
  if (values.get("base64")?.toString() !== "1") return message;
  const text = message.toString("latin1");
  if (!/^[\w+/-]*={0,2}$/.test(text) || text.replace(/=+$/, "").length % 4 === 1) {
    return invalid('"message" in the query is not base64');
  }
  return Buffer.from(text, "base64"); // reads both alphabets
}

/** The bytes of a value; undefined for a percent sign without two digits. They need not be UTF-8. */
function decode(value: string): Buffer | undefined {
  const text = value.replaceAll("+", " ");
  if (!text.includes("%")) return Buffer.from(text, "latin1");
  if (/%(?![\dA-Fa-f]{2})/.test(text)) return undefined;
  const plain = text.replaceAll(/%(..)/g, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
  return Buffer.from(plain, "latin1");
}

function invalid(message: string): GrpcFailure {
  return new GrpcFailure(GrpcCode.INVALID_ARGUMENT, message);
}
