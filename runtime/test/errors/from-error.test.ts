import { encodeStatusDetails, fromError, KratosError } from "@kratos-ts/runtime";
import { Metadata } from "@grpc/grpc-js";
import { describe, expect, test } from "vitest";

function grpcError(code: number, details: string, bytes?: Uint8Array): Error {
  const metadata = new Metadata();
  if (bytes) metadata.add("grpc-status-details-bin", Buffer.from(bytes));
  return Object.assign(new Error(`${code} ${details}`), { code, details, metadata });
}

test("returns a KratosError as it is, from inside its wrappers", () => {
  const inner = new KratosError(409, "TAKEN", "taken");
  expect(fromError(inner)).toBe(inner);
  expect(fromError(new Error("wrapped", { cause: inner }))).toBe(inner);
});

describe("an error of a gRPC client", () => {
  test("keeps reason and metadata of its ErrorInfo", () => {
    const sent = new KratosError(404, "ORDER_NOT_FOUND", "sent", { metadata: { id: "7" } });
    const error = grpcError(5, "no such order", encodeStatusDetails(sent));
    expect(fromError(error)).toMatchObject({
      code: 404,
      reason: "ORDER_NOT_FOUND",
      message: "no such order",
      metadata: { id: "7" },
      cause: error,
    });
  });

  test("counts when something else wraps it", () => {
    const error = fromError(new Error("call failed", { cause: grpcError(14, "down") }));
    expect(error).toMatchObject({ code: 503, reason: "", message: "down", metadata: {} });
  });

  test("keeps code and message when the details are garbage", () => {
    const error = fromError(grpcError(16, "who are you", Uint8Array.of(255, 255, 255)));
    expect(error).toMatchObject({ code: 401, reason: "", message: "who are you" });
  });
});

test("turns a real abort into 499 and a real timeout into 504", async () => {
  expect(fromError(AbortSignal.abort().reason)).toMatchObject({ code: 499, reason: "" });
  const signal = AbortSignal.timeout(1);
  await new Promise((resolve) => signal.addEventListener("abort", resolve));
  expect(fromError(signal.reason)).toMatchObject({ code: 504, reason: "" });
  expect(fromError(new Error("fetch failed", { cause: signal.reason })).code).toBe(504);
});

test.for([
  [new Error("boom"), "boom"],
  ["boom", "boom"],
  [42, "42"],
  [undefined, "undefined"],
  [Symbol("odd"), "Symbol(odd)"],
  [Object.create(null), "an error without a text was thrown"],
])("gives 500 with the text of anything else (case %#)", ([thrown, message]) => {
  const error = fromError(thrown);
  expect(error).toMatchObject({ code: 500, reason: "", message });
  expect(error.cause).toBe(thrown);
});
