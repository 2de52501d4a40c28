import {
  errorCode,
  errorReason,
  findKratosError,
  hasReason,
  isKratosError,
  KratosError,
  toErrorText,
} from "@kratos-ts/runtime";
import type { ErrorDetail } from "@kratos-ts/runtime";
import { describe, expect, test } from "vitest";

const base = new KratosError(404, "ORDER_NOT_FOUND", 'no order "7"', { metadata: { id: "7" } });

test("carries code, reason, message and metadata", () => {
  expect(base).toMatchObject({ code: 404, reason: "ORDER_NOT_FOUND", metadata: { id: "7" } });
  expect(base.message).toBe('no order "7"');
  expect(base.cause).toBeUndefined();
});

test("does not change when the caller's metadata does", () => {
  const metadata = { id: "7" };
  const error = new KratosError(404, "X", "x", { metadata });
  metadata.id = "8";
  expect(error.metadata).toEqual({ id: "7" });
});

test("withCause copies, and keeps everything else, the stack too", () => {
  const cause = new Error("no row");
  const copy = base.withCause(cause);
  expect(copy).not.toBe(base);
  expect(copy).toMatchObject({
    code: 404,
    reason: "ORDER_NOT_FOUND",
    metadata: { id: "7" },
    cause,
  });
  expect(copy.stack).toBe(base.stack);
  expect("cause" in base).toBe(false);
});

test("withMetadata replaces, merges nothing, and keeps the cause", () => {
  const cause = new Error("no row");
  const copy = base.withCause(cause).withMetadata({ shop: "1" });
  expect(copy.metadata).toEqual({ shop: "1" });
  expect(copy.cause).toBe(cause);
  expect(base.metadata).toEqual({ id: "7" });
  expect("cause" in base.withMetadata({})).toBe(false);
});

describe("recognition", () => {
  // What a second installed copy of this package would throw.
  class Lookalike extends Error {
    override readonly name = "KratosError";
    readonly code = 409;
    readonly reason = "TAKEN";
    readonly metadata = {};
  }

  test("goes by shape, so that another copy's errors count", () => {
    expect(isKratosError(new Lookalike("taken"))).toBe(true);
    expect(hasReason(new Lookalike("taken"), 409, "TAKEN")).toBe(true);
    expect(errorCode(new Lookalike("taken"))).toBe(409);
  });

  test.for([
    new Error("x"),
    { name: "KratosError", code: 1, reason: "" },
    undefined,
    "KratosError",
  ])("refuses %o", (value) => {
    expect(isKratosError(value)).toBe(false);
  });

  test("finds an error among causes, and ends on a circle of them", () => {
    expect(findKratosError(new Error("a", { cause: new Error("b", { cause: base }) }))).toBe(base);
    const circle = new Error("a");
    circle.cause = new Error("b", { cause: circle });
    expect(findKratosError(circle)).toBeUndefined();
  });

  test("hasReason wants both code and reason", () => {
    expect(hasReason(base, 404, "ORDER_NOT_FOUND")).toBe(true);
    expect(hasReason(base, 400, "ORDER_NOT_FOUND")).toBe(false);
    expect(hasReason(base, 404, "OTHER")).toBe(false);
    expect(hasReason(undefined, 404, "OTHER")).toBe(false);
  });
});

test.for([
  [undefined, 200, ""],
  [null, 200, ""],
  [base, 404, "ORDER_NOT_FOUND"],
  [new Error("x", { cause: base }), 404, "ORDER_NOT_FOUND"],
  [new Error("x"), 500, ""],
] as const)("tells code and reason of %s", ([error, code, reason]) => {
  expect(errorCode(error)).toBe(code);
  expect(errorReason(error)).toBe(reason);
});

describe("toErrorText", () => {
  test("prints Kratos's form, with metadata sorted by key", () => {
    const error = new KratosError(404, "R", "m", { metadata: { b: "2", a: "1" } });
    expect(toErrorText(error)).toBe(
      "error: code = 404 reason = R message = m metadata = map[a:1 b:2] cause = <nil>",
    );
  });

  test("prints causes", () => {
    expect(toErrorText(base.withCause(new Error("no row")))).toMatch(/ cause = no row$/);
    expect(toErrorText(new KratosError(500, "", "out", { cause: base }))).toMatch(
      / cause = error: code = 404 .* cause = <nil>$/,
    );
  });

  test("ends on a circle of causes", () => {
    const error = new KratosError(500, "A", "a");
    error.cause = new KratosError(500, "B", "b", { cause: error });
    expect(toErrorText(error)).toMatch(/<circular>$/);
  });
});

test("withDetails replaces, merges nothing, and keeps everything else", () => {
  const detail = (typeUrl: string): ErrorDetail => ({
    $typeName: "google.protobuf.Any",
    typeUrl,
    value: new Uint8Array(),
  });
  const copy = base.withDetails(detail("a"), detail("b")).withCause("why").withMetadata({});
  expect(copy.details.map(({ typeUrl }) => typeUrl)).toEqual(["a", "b"]);
  expect(copy.withDetails(detail("c")).details).toHaveLength(1);
  expect(copy).toMatchObject({ code: 404, cause: "why", metadata: {} });
  expect(base.details).toEqual([]);
});
