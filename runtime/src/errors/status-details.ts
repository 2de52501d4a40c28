import { BinaryReader, BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { fromGrpcCode, type GrpcCode, toGrpcStatusCode } from "./grpc-code.ts";
import { type ErrorDetail, KratosError } from "./kratos-error.ts";
import { isFailureCode, toWireError } from "./wire-error.ts";

const errorInfoUrl = "type.googleapis.com/google.rpc.ErrorInfo";

/** What the binary of a `google.rpc.Status` says. */
export interface StatusDetails {
  /** A gRPC code. */
  readonly code: number;
  readonly message: string;
  /** Of the first `google.rpc.ErrorInfo` among the details; empty when there is none. */
  readonly reason: string;
  /** Of the same `ErrorInfo`. */
  readonly metadata: Readonly<Record<string, string>>;
  /** All details but that one. */
  readonly details: readonly ErrorDetail[];
}

/**
 * The bytes for `grpc-status-details-bin`: a `google.rpc.Status` with one `google.rpc.ErrorInfo`, whose
 * domain is empty, as Kratos writes it. The detail is there even when reason and metadata are empty, but for
 * errors with a gRPC code of their own, which are no less without it.
 * `code` is that of the call, which clients compare it with; default: what the error's is in gRPC.
 */
export function encodeStatusDetails(
  error: KratosError,
  code: GrpcCode = error.grpcCode ?? toGrpcStatusCode(error.code),
): Uint8Array<ArrayBuffer> {
  const { reason, message, metadata, details, grpcCode } = toWireError(error);
  const info = new BinaryWriter();
  if (reason !== "") info.uint32(tag(1)).string(reason);
  for (const [key, value] of Object.entries(metadata)) {
    info.uint32(tag(3)).fork();
    info.uint32(tag(1)).string(key).uint32(tag(2)).string(value);
    info.join();
  }
  const status = new BinaryWriter();
  status.uint32(1 << 3).int32(code);
  if (message !== "") status.uint32(tag(2)).string(message);
  const infoBytes = info.finish();
  if (grpcCode === undefined || infoBytes.length > 0) writeAny(status, errorInfoUrl, infoBytes);
  for (const { typeUrl, value } of details) writeAny(status, typeUrl, value);
  return status.finish();
}

function writeAny(status: BinaryWriter, typeUrl: string, value: Uint8Array): void {
  status.uint32(tag(3)).fork();
  status.uint32(tag(1)).string(typeUrl).uint32(tag(2)).bytes(value);
  status.join();
}

/** Reads the bytes of a `google.rpc.Status`. Throws a `RangeError` when they are none. */
export function parseStatusDetails(bytes: Uint8Array): StatusDetails {
  let code = 0;
  let message = "";
  let info: ErrorInfo | undefined;
  const details: ErrorDetail[] = [];
  readFields(bytes, (reader, field, wire) => {
    if (field === 1 && wire === WireType.Varint) code = reader.int32();
    else if (field === 2 && wire === WireType.LengthDelimited) message = reader.string();
    else if (field === 3 && wire === WireType.LengthDelimited) {
      const any = parseAny(reader.bytes());
      if (info === undefined && isErrorInfo(any)) info = parseErrorInfo(any.value);
      else details.push(any);
    } else return false;
    return true;
  });
  return { code, message, reason: info?.reason ?? "", metadata: info?.metadata ?? {}, details };
}

/**
 * The error of a gRPC call that ended with this status. `details` is what came as
 * `grpc-status-details-bin`, decoded from base64; bytes that are no `google.rpc.Status` count as none,
 * since the call's own status is worth more than a complaint about them.
 */
export function fromGrpcStatus(code: number, message: string, details?: Uint8Array): KratosError {
  let found: StatusDetails | undefined;
  try {
    if (details !== undefined) found = parseStatusDetails(details);
  } catch {
    found = undefined;
  }
  return new KratosError(fromGrpcCode(code), found?.reason ?? "", message, {
    metadata: found?.metadata ?? {},
    details: found?.details ?? [],
    grpcCode: isFailureCode(code) ? code : undefined,
  });
}

interface ErrorInfo {
  readonly reason: string;
  readonly metadata: Readonly<Record<string, string>>;
}

function parseAny(bytes: Uint8Array): ErrorDetail {
  const any: ErrorDetail = {
    $typeName: "google.protobuf.Any",
    typeUrl: "",
    value: new Uint8Array(),
  };
  readFields(bytes, (reader, field, wire) => {
    if (wire !== WireType.LengthDelimited) return false;
    if (field === 1) any.typeUrl = reader.string();
    else if (field === 2) any.value = reader.bytes();
    else return false;
    return true;
  });
  return any;
}

/** Only what follows the last slash names the type; the rest may be any host. */
function isErrorInfo({ typeUrl }: ErrorDetail): boolean {
  return typeUrl.slice(typeUrl.lastIndexOf("/") + 1) === "google.rpc.ErrorInfo";
}

function parseErrorInfo(bytes: Uint8Array): ErrorInfo {
  let reason = "";
  const metadata: [string, string][] = [];
  readFields(bytes, (reader, field, wire) => {
    if (wire !== WireType.LengthDelimited) return false;
    if (field === 1) reason = reader.string();
    else if (field === 3) metadata.push(parseMapEntry(reader.bytes()));
    else return false;
    return true;
  });
  return { reason, metadata: Object.fromEntries(metadata) };
}

function parseMapEntry(bytes: Uint8Array): [string, string] {
  const entry: [string, string] = ["", ""];
  readFields(bytes, (reader, field, wire) => {
    if (wire !== WireType.LengthDelimited || (field !== 1 && field !== 2)) return false;
    entry[field - 1] = reader.string();
    return true;
  });
  return entry;
}

/** Calls `read` for each field; it returns false for those it left alone, which are skipped. */
function readFields(
  bytes: Uint8Array,
  read: (reader: BinaryReader, field: number, wire: WireType) => boolean,
): void {
  try {
    const reader = new BinaryReader(bytes);
    while (reader.pos < reader.len) {
      const [field, wire] = reader.tag();
      if (!read(reader, field, wire)) reader.skip(wire, field);
    }
    if (reader.pos > reader.len) throw new RangeError("the bytes end inside a field");
  } catch (cause) {
    if (cause instanceof RangeError) throw cause;
    throw new RangeError("the bytes are no google.rpc.Status", { cause });
  }
}

function tag(field: number): number {
  return (field << 3) | WireType.LengthDelimited;
}
