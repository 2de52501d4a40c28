import {
  encodeStatusDetails,
  fromGrpcStatus,
  GrpcCode,
  KratosError,
  parseStatusDetails,
} from "@kratos-ts/runtime";
import { BinaryWriter } from "@bufbuild/protobuf/wire";
import { describe, expect, test } from "vitest";

/** A message with these fields, each `[number, text or bytes]`. */
function message(...fields: readonly [number, string | Uint8Array][]): Uint8Array {
  const writer = new BinaryWriter();
  for (const [field, value] of fields) {
    writer.uint32((field << 3) | 2);
    if (typeof value === "string") writer.string(value);
    else writer.bytes(value);
  }
  return writer.finish();
}

const infoUrl = "type.googleapis.com/google.rpc.ErrorInfo";

test("writes the bytes that google.rpc.Status prescribes", () => {
  const error = new KratosError(404, "R", "m", { metadata: { k: "v" } });
  const any = message([1, infoUrl], [2, message([1, "R"], [3, message([1, "k"], [2, "v"])])]);
  const want = Uint8Array.of(0x08, 5, ...message([2, "m"], [3, any]));
  expect(encodeStatusDetails(error)).toEqual(want);
});

test("attaches the detail even when there is nothing to tell, and never says OK", () => {
  const bytes = encodeStatusDetails(new KratosError(200, "", ""));
  expect(bytes).toEqual(Uint8Array.of(0x08, 2, ...message([3, message([1, infoUrl], [2, ""])])));
});

test.for([
  new KratosError(404, "ORDER_NOT_FOUND", "no order", { metadata: { id: "7", shop: "é😀" } }),
  new KratosError(500, "", ""),
  new KratosError(409, "X", "a".repeat(1000), { metadata: { "": "", __proto__x: "1" } }),
])("reads what it wrote (case %#)", (error) => {
  const { code: _, ...rest } = parseStatusDetails(encodeStatusDetails(error));
  const { message, reason, metadata } = error;
  expect(rest).toEqual({ message, reason, metadata, details: [] });
});

describe("parseStatusDetails", () => {
  test("takes the first ErrorInfo, keeps the other details, and skips domains and unknown fields", () => {
    const other = message([1, "type.googleapis.com/google.rpc.RetryInfo"], [2, "\n\0"]);
    const first = message([1, infoUrl], [2, message([1, "FIRST"], [2, "example.com"], [9, "?"])]);
    const second = message([1, infoUrl], [2, message([1, "SECOND"])]);
    expect(parseStatusDetails(message([3, other], [3, first], [3, second], [7, "?"]))).toEqual({
      code: 0,
      message: "",
      reason: "FIRST",
      metadata: {},
      details: [
        {
          $typeName: "google.protobuf.Any",
          typeUrl: "type.googleapis.com/google.rpc.RetryInfo",
          value: Uint8Array.from(Buffer.from("\n\0")),
        },
        { $typeName: "google.protobuf.Any", typeUrl: infoUrl, value: message([1, "SECOND"]) },
      ],
    });
  });

  test.for([
    { bytes: [0xff, 0xff] },
    { bytes: [0x12, 0x05, 0x61] },
    { bytes: [0x1a, 0x02, 0x0a, 0x7f] },
    { bytes: [0x08] },
    { bytes: [0x13] },
    { bytes: [0x00] },
  ])("throws a RangeError for $bytes", ({ bytes }) => {
    expect(() => parseStatusDetails(Uint8Array.from(bytes))).toThrow(RangeError);
  });
});

test("fromGrpcStatus trusts the call's status, and takes reason and metadata from the details", () => {
  const bytes = encodeStatusDetails(new KratosError(404, "R", "other", { metadata: { k: "v" } }));
  expect(fromGrpcStatus(5, "text", bytes)).toMatchObject({
    code: 404,
    reason: "R",
    message: "text",
    metadata: { k: "v" },
  });
  expect(fromGrpcStatus(8, "slow down")).toMatchObject({ code: 429, reason: "", metadata: {} });
  expect(fromGrpcStatus(8, "slow down", Uint8Array.of(0xff))).toMatchObject({ code: 429 });
});

describe("the code of gRPC itself", () => {
  test("is kept where the one of HTTP stands for several", () => {
    expect(fromGrpcStatus(6, "there")).toMatchObject({ code: 409, grpcCode: 6 });
    expect(fromGrpcStatus(10, "lost")).toMatchObject({ code: 409, grpcCode: 10 });
    expect(fromGrpcStatus(6, "there").withDetails()).toMatchObject({ code: 409, grpcCode: 6 });
  });

  test("is undefined for numbers that are none", () => {
    expect(fromGrpcStatus(17, "odd")).toMatchObject({ code: 500, grpcCode: undefined });
    expect(fromGrpcStatus(0, "odd").grpcCode).toBeUndefined();
  });

  test("is that of the bytes, which then hold an ErrorInfo only when it says something", () => {
    const plain = new KratosError(409, "", "there", { grpcCode: GrpcCode.ALREADY_EXISTS });
    expect(encodeStatusDetails(plain)).toEqual(Uint8Array.of(0x08, 6, ...message([2, "there"])));
    const known = new KratosError(409, "THERE", "", { grpcCode: GrpcCode.ALREADY_EXISTS });
    expect(parseStatusDetails(encodeStatusDetails(known))).toMatchObject({
      code: 6,
      reason: "THERE",
    });
  });
});
