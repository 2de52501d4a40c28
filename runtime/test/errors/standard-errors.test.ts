import {
  badRequest,
  clientClosed,
  conflict,
  forbidden,
  gatewayTimeout,
  internalServer,
  isBadRequest,
  isClientClosed,
  isConflict,
  isForbidden,
  isGatewayTimeout,
  isInternalServer,
  isNotFound,
  isServiceUnavailable,
  isTooManyRequests,
  isUnauthorized,
  notFound,
  serviceUnavailable,
  tooManyRequests,
  unauthorized,
} from "@kratos-ts/runtime";
import { expect, test } from "vitest";

const table = [
  [400, badRequest, isBadRequest],
  [401, unauthorized, isUnauthorized],
  [403, forbidden, isForbidden],
  [404, notFound, isNotFound],
  [409, conflict, isConflict],
  [429, tooManyRequests, isTooManyRequests],
  [499, clientClosed, isClientClosed],
  [500, internalServer, isInternalServer],
  [503, serviceUnavailable, isServiceUnavailable],
  [504, gatewayTimeout, isGatewayTimeout],
] as const;

test.for(table)("%i has its constructor and its predicate", ([code, create, is]) => {
  const error = create("REASON", "text", { metadata: { a: "b" }, cause: "why" });
  expect(error).toMatchObject({ code, reason: "REASON", metadata: { a: "b" }, cause: "why" });
  expect(error.message).toBe("text");
  for (const [other, , isOther] of table) expect(isOther(error)).toBe(other === code);
  expect(is(new Error("wrapped", { cause: error }))).toBe(true);
  expect(is(undefined)).toBe(false);
});

test("an error that nothing is known about is an internal one", () => {
  expect(isInternalServer(new Error("boom"))).toBe(true);
  expect(isBadRequest(new Error("boom"))).toBe(false);
});
