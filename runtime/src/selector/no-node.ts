import { KratosError } from "../errors/kratos-error.ts";

/** Where nodes come from, as far as it can say why there are none. */
export interface NodeOrigin {
  /** Instances that there are, also those that cannot be called. */
  readonly found: number;
  /** Why none of them can be called. */
  explain(): string;
}

/**
 * 503 `NODE_NOT_FOUND` for a call that has nobody to go to, with the reason. `used` nodes were there for filters to
 * choose among; undefined `origin`: all that there are.
 */
export function noNodeError(
  endpoint: string,
  used: number,
  origin: NodeOrigin | undefined,
): KratosError {
  const why = used === 0 ? origin?.explain() : explainFilters(used, origin?.found ?? used);
  const message = `no instance of "${endpoint}" can be called`;
  return new KratosError(503, "NODE_NOT_FOUND", why === undefined ? message : `${message}: ${why}`);
}

/** `3 instances`. */
export function countInstances(count: number): string {
  return count === 1 ? "1 instance" : `${count} instances`;
}

/** A filter cannot leave an instance to a call that its client's subset does not have. */
function explainFilters(used: number, found: number): string {
  const some =
    found > used ? `${countInstances(found)}, ${used} of them used` : countInstances(used);
  return `${some}, all left out by filters`;
}
