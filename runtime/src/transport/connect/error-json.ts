import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";
import { GrpcCode } from "../../errors/grpc-code.ts";
import { parseStatusDetails } from "../../errors/status-details.ts";
import { decodeBinaryHeader, encodeBinaryHeader } from "../grpc/protocol/metadata.ts";
import { decodeMessage } from "../grpc/protocol/status.ts";
import type { CallStatus } from "./call-status.ts";

/** A detail of an error as Connect writes it. */
interface ErrorDetail {
  /** The full name of a message. */
  readonly type: string;
  /** Its binary form in base64 without padding. */
  readonly value: string;
  /** The same for people. */
  readonly debug?: unknown;
}

/** What a failed call answers with in Connect: the body of a unary one, or a part of a stream's end. */
export interface ErrorJson {
  readonly code: string;
  readonly message?: string;
  readonly details?: readonly ErrorDetail[];
}

/** Connect's form of the status of a call that failed. */
export function toErrorJson(status: CallStatus): ErrorJson {
  const message = decodeMessage(status.message);
  const details = status.details === "" ? [] : readDetails(decodeBinaryHeader(status.details));
  return {
    code: codeNames[status.code] ?? "unknown",
    ...(message !== "" && { message }),
    ...(details.length > 0 && { details }),
  };
}

/** The HTTP status of a unary call that failed with this gRPC code. */
export function toConnectHttpStatus(code: number): number {
  switch (code) {
    case GrpcCode.CANCELLED:
      return 499;
    case GrpcCode.INVALID_ARGUMENT:
    case GrpcCode.FAILED_PRECONDITION:
    case GrpcCode.OUT_OF_RANGE:
      return 400;
    case GrpcCode.DEADLINE_EXCEEDED:
      return 504;
    case GrpcCode.NOT_FOUND:
      return 404;
    case GrpcCode.ALREADY_EXISTS:
    case GrpcCode.ABORTED:
      return 409;
    case GrpcCode.PERMISSION_DENIED:
      return 403;
    case GrpcCode.RESOURCE_EXHAUSTED:
      return 429;
    case GrpcCode.UNIMPLEMENTED:
      return 501;
    case GrpcCode.UNAVAILABLE:
      return 503;
    case GrpcCode.UNAUTHENTICATED:
      return 401;
    default:
      return 500;
  }
}

/** Connect's names of gRPC's codes, by number. */
const codeNames: readonly string[] = [
  "",
  "canceled",
  "unknown",
  "invalid_argument",
  "deadline_exceeded",
  "not_found",
  "already_exists",
  "permission_denied",
  "resource_exhausted",
  "failed_precondition",
  "aborted",
  "out_of_range",
  "unimplemented",
  "internal",
  "unavailable",
  "data_loss",
  "unauthenticated",
];

/** The details of a `google.rpc.Status`; none when the bytes are no such message. */
function readDetails(status: Uint8Array): ErrorDetail[] {
  try {
    return readBytesFields(status, 3).flatMap((any) => {
      const url = Buffer.from(readBytesFields(any, 1)[0] ?? []).toString();
      const value = readBytesFields(any, 2)[0] ?? new Uint8Array();
      const type = url.slice(url.lastIndexOf("/") + 1);
      const detail = { type, value: encodeBinaryHeader(value) };
      if (type !== "google.rpc.ErrorInfo") return [detail];
      // One that says nothing is what errors without a reason have in gRPC.
      return value.length === 0 ? [] : [{ ...detail, debug: describeInfo(status) }];
    });
  } catch {
    return []; // the code and the message are worth more than a complaint about them
  }
}

/** What people want to read without a decoder of protobuf at hand. */
function describeInfo(status: Uint8Array): unknown {
  const { reason, metadata } = parseStatusDetails(status);
  return { reason, metadata };
}

/** The values of a field of bytes, text or messages. */
function readBytesFields(bytes: Uint8Array, wanted: number): Uint8Array[] {
  const found: Uint8Array[] = [];
  const reader = new BinaryReader(bytes);
  while (reader.pos < reader.len) {
    const [field, wire] = reader.tag();
    if (field === wanted && wire === WireType.LengthDelimited) found.push(reader.bytes());
    else reader.skip(wire, field);
  }
  return found;
}
