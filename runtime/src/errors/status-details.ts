import { BinaryReader, BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { fromGrpcCode, type GrpcCode, toGrpcStatusCode } from "./grpc-code.ts";
import { KratosError } from "./kratos-error.ts";
import { toWireError } from "./wire-error.ts";

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
}

/**
 * The bytes for `grpc-status-details-bin`: a `google.rpc.Status` with one `google.rpc.ErrorInfo`, whose
 * domain is empty, as Kratos writes it. The detail is there even when reason and metadata are empty.
 * `code` is that of the call, which clients compare it with; default: what the error's becomes in gRPC.
 */
export function encodeStatusDetails(
  error: KratosError,
  code: GrpcCode = toGrpcStatusCode(error.code),
): Uint8Array<ArrayBuffer> {
  const { reason, message, metadata } = toWireError(error);
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
  status.uint32(tag(3)).fork();
  status.uint32(tag(1)).string(errorInfoUrl).uint32(tag(2)).bytes(info.finish());
  return status.join().finish();
}

/** Reads the bytes of a `google.rpc.Status`. Throws a `RangeError` when they are none. */
export function parseStatusDetails(bytes: Uint8Array): StatusDetails {
  let code = 0;
  let message = "";
  let info: ErrorInfo | undefined;
  readFields(bytes, (reader, field, wire) => {
    if (field === 1 && wire === WireType.Varint) code = reader.int32();
    else if (field === 2 && wire === WireType.LengthDelimited) message = reader.string();
    else if (field === 3 && wire === WireType.LengthDelimited) {
      const any = reader.bytes(); // has to be read past, also when it is not the first
      info ??= parseAny(any);
    } else return false;
    return true;
  });
  return { code, message, reason: info?.reason ?? "", metadata: info?.metadata ?? {} };
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
  });
}

interface ErrorInfo {
  readonly reason: string;
  readonly metadata: Readonly<Record<string, string>>;
}

function parseAny(bytes: Uint8Array): ErrorInfo | undefined {
  let url = "";
  let value = new Uint8Array() as Uint8Array;
  readFields(bytes, (reader, field, wire) => {
    if (wire !== WireType.LengthDelimited) return false;
    if (field === 1) url = reader.string();
    else if (field === 2) value = reader.bytes();
    else return false;
    return true;
  });
  // Only what follows the last slash names the type; the rest may be any host.
  return url.slice(url.lastIndexOf("/") + 1) === "google.rpc.ErrorInfo"
    ? parseErrorInfo(value)
    : undefined;
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
