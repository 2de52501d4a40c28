import { errorCode } from "./from-error.ts";
import { KratosError, type KratosErrorOptions } from "./kratos-error.ts";

/** The request itself is wrong: 400. */
export function badRequest<R extends string>(
  reason: R,
  message: string,
  options?: KratosErrorOptions,
): KratosError<R> {
  return new KratosError(400, reason, message, options);
}

/** The caller has not said who it is: 401. */
export function unauthorized<R extends string>(
  reason: R,
  message: string,
  options?: KratosErrorOptions,
): KratosError<R> {
  return new KratosError(401, reason, message, options);
}

/** The caller may not do this: 403. */
export function forbidden<R extends string>(
  reason: R,
  message: string,
  options?: KratosErrorOptions,
): KratosError<R> {
  return new KratosError(403, reason, message, options);
}

/** What was asked for does not exist: 404. */
export function notFound<R extends string>(
  reason: R,
  message: string,
  options?: KratosErrorOptions,
): KratosError<R> {
  return new KratosError(404, reason, message, options);
}

/** The request contradicts the present state: 409. */
export function conflict<R extends string>(
  reason: R,
  message: string,
  options?: KratosErrorOptions,
): KratosError<R> {
  return new KratosError(409, reason, message, options);
}

/** The caller, or everybody, asks too often: 429. */
export function tooManyRequests<R extends string>(
  reason: R,
  message: string,
  options?: KratosErrorOptions,
): KratosError<R> {
  return new KratosError(429, reason, message, options);
}

/** The caller went away before the answer: 499. */
export function clientClosed<R extends string>(
  reason: R,
  message: string,
  options?: KratosErrorOptions,
): KratosError<R> {
  return new KratosError(499, reason, message, options);
}

/** The service failed: 500. */
export function internalServer<R extends string>(
  reason: R,
  message: string,
  options?: KratosErrorOptions,
): KratosError<R> {
  return new KratosError(500, reason, message, options);
}

/** The service cannot answer now, but may soon: 503. */
export function serviceUnavailable<R extends string>(
  reason: R,
  message: string,
  options?: KratosErrorOptions,
): KratosError<R> {
  return new KratosError(503, reason, message, options);
}

/** The answer did not come in time: 504. */
export function gatewayTimeout<R extends string>(
  reason: R,
  message: string,
  options?: KratosErrorOptions,
): KratosError<R> {
  return new KratosError(504, reason, message, options);
}

/** Reports whether the code of `error` is 400, as {@link errorCode} tells it. */
export function isBadRequest(error: unknown): boolean {
  return errorCode(error) === 400;
}

/** Reports whether the code of `error` is 401, as {@link errorCode} tells it. */
export function isUnauthorized(error: unknown): boolean {
  return errorCode(error) === 401;
}

/** Reports whether the code of `error` is 403, as {@link errorCode} tells it. */
export function isForbidden(error: unknown): boolean {
  return errorCode(error) === 403;
}

/** Reports whether the code of `error` is 404, as {@link errorCode} tells it. */
export function isNotFound(error: unknown): boolean {
  return errorCode(error) === 404;
}

/** Reports whether the code of `error` is 409, as {@link errorCode} tells it. */
export function isConflict(error: unknown): boolean {
  return errorCode(error) === 409;
}

/** Reports whether the code of `error` is 429, as {@link errorCode} tells it. */
export function isTooManyRequests(error: unknown): boolean {
  return errorCode(error) === 429;
}

/** Reports whether the code of `error` is 499, as {@link errorCode} tells it. */
export function isClientClosed(error: unknown): boolean {
  return errorCode(error) === 499;
}

/** Reports whether the code of `error` is 500, as {@link errorCode} tells it. Also true for any error that nothing is known about. */
export function isInternalServer(error: unknown): boolean {
  return errorCode(error) === 500;
}

/** Reports whether the code of `error` is 503, as {@link errorCode} tells it. */
export function isServiceUnavailable(error: unknown): boolean {
  return errorCode(error) === 503;
}

/** Reports whether the code of `error` is 504, as {@link errorCode} tells it. */
export function isGatewayTimeout(error: unknown): boolean {
  return errorCode(error) === 504;
}
