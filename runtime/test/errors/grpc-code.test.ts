import { fromGrpcCode, GrpcCode, toGrpcCode, toGrpcStatusCode } from "@kratos-ts/runtime";
import { expect, test } from "vitest";

test.for([
  [200, "OK"],
  [400, "INVALID_ARGUMENT"],
  [401, "UNAUTHENTICATED"],
  [403, "PERMISSION_DENIED"],
  [404, "NOT_FOUND"],
  [409, "ABORTED"],
  [412, "FAILED_PRECONDITION"],
  [429, "RESOURCE_EXHAUSTED"],
  [499, "CANCELLED"],
  [500, "INTERNAL"],
  [501, "UNIMPLEMENTED"],
  [503, "UNAVAILABLE"],
  [504, "DEADLINE_EXCEEDED"],
  [405, "UNKNOWN"],
  [422, "UNKNOWN"],
  [10_001, "UNKNOWN"],
] as const)("HTTP %i is %s over gRPC", ([http, name]) => {
  expect(toGrpcCode(http)).toBe(GrpcCode[name]);
});

test.for([
  ["OK", 200],
  ["CANCELLED", 499],
  ["UNKNOWN", 500],
  ["INVALID_ARGUMENT", 400],
  ["DEADLINE_EXCEEDED", 504],
  ["NOT_FOUND", 404],
  ["ALREADY_EXISTS", 409],
  ["PERMISSION_DENIED", 403],
  ["RESOURCE_EXHAUSTED", 429],
  ["FAILED_PRECONDITION", 412],
  ["ABORTED", 409],
  ["OUT_OF_RANGE", 400],
  ["UNIMPLEMENTED", 501],
  ["INTERNAL", 500],
  ["UNAVAILABLE", 503],
  ["DATA_LOSS", 500],
  ["UNAUTHENTICATED", 401],
] as const)("gRPC %s is HTTP %i", ([name, http]) => {
  expect(fromGrpcCode(GrpcCode[name])).toBe(http);
});

test("a number that is no gRPC code is 500", () => {
  expect(fromGrpcCode(17)).toBe(500);
  expect(fromGrpcCode(-1)).toBe(500);
});

test("an error is never OK on the wire", () => {
  expect(toGrpcStatusCode(200)).toBe(GrpcCode.UNKNOWN);
  expect(toGrpcStatusCode(404)).toBe(GrpcCode.NOT_FOUND);
});
