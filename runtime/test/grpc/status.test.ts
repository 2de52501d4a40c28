import { KratosError } from "@kratos-ts/runtime";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Field, HeaderView } from "../../src/transport/http2/engine.ts";
import {
  decodeMessage,
  encodeMessage,
  findStatusError,
  httpStatusError,
  resetError,
  toTrailers,
} from "../../src/transport/grpc/protocol/status.ts";

function view(fields: readonly Field[]): HeaderView {
  const map = new Map(fields);
  return { get: (name) => map.get(name), forEach: (visit) => map.forEach((v, k) => visit(k, v)) };
}

describe("grpc-message", () => {
  test.for([
    ["plain text", "plain text"],
    ["100%", "100%25"],
    ["ü", "%C3%BC"],
    ["a\nb", "a%0Ab"],
    [" edges ", "%20edges%20"],
    ["", ""],
  ] as const)("%o travels as %o", ([message, text]) => {
    expect(encodeMessage(message)).toBe(text);
    expect(decodeMessage(text)).toBe(message);
  });

  test("comes back whatever it is", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (message) => {
        const text = encodeMessage(message);
        expect(text).toMatch(/^[\x20-\x7e]*$/);
        expect(decodeMessage(text)).toBe(message);
      }),
    );
  });

  test.for([
    ["%", "%"],
    ["%zz", "%zz"],
    ["100%", "100%"],
    ["a%2", "a%2"],
    ["%E4%", "\uFFFD%"],
  ] as const)("wrongly encoded as %o is read as %o", ([text, message]) => {
    expect(decodeMessage(text)).toBe(message);
  });
});

describe("trailers", () => {
  test("carry a KratosError there and back", () => {
    const error = new KratosError(404, "NOT_THERE", "nicht da: ü", { metadata: { a: "1" } });
    const { fields, unexpected } = toTrailers(error);
    expect(unexpected).toBe(false);
    expect(fields[0]).toEqual(["grpc-status", "5"]);
    expect(findStatusError(view(fields))).toMatchObject({
      code: 404,
      reason: "NOT_THERE",
      message: "nicht da: ü",
      metadata: { a: "1" },
    });
  });

  test("stay within what peers accept when message and metadata are huge", () => {
    const metadata = { dump: "x".repeat(100_000) };
    const error = new KratosError(500, "BIG", "y".repeat(100_000), { metadata });
    const { fields } = toTrailers(error);
    const size = fields.reduce((sum, [name, value]) => sum + name.length + value.length + 32, 0);
    expect(size).toBeLessThan(16_384);
    expect(findStatusError(view(fields))).toMatchObject({ code: 500, reason: "BIG" });
  });

  test("without a status tell of an unknown error", () => {
    expect(findStatusError(view([]))).toMatchObject({ code: 500, reason: "" });
    expect(findStatusError(view([["grpc-status", "x"]]))).toMatchObject({ code: 500 });
  });

  test("with details that are none are read without them", () => {
    const fields: Field[] = [
      ["grpc-status", "3"],
      ["grpc-message", "bad"],
      ["grpc-status-details-bin", "////"],
    ];
    expect(findStatusError(view(fields))).toMatchObject({ code: 400, reason: "", message: "bad" });
  });
});

test.for([
  ["400", 500],
  ["401", 401],
  ["403", 403],
  ["404", 501],
  ["429", 503],
  ["502", 503],
  ["503", 503],
  ["504", 503],
  ["302", 500],
] as const)("HTTP status %s is an error with code %i", ([status, code]) => {
  expect(httpStatusError(status)).toMatchObject({ code, message: expect.stringContaining(status) });
});

test.for([
  [0, 500],
  [1, 500],
  [7, 503],
  [8, 499],
  [11, 429],
  [12, 403],
] as const)("a reset with code %i is an error with code %i", ([reset, code]) => {
  expect(resetError(reset, undefined).code).toBe(code);
});
