import { textOf } from "../errors/text-of.ts";

/**
 * Throws what failed in `what`: nothing, the one failure, or an `AggregateError` whose message tells of all
 * of them.
 */
export function throwFailures(what: string, failures: readonly unknown[]): void {
  if (failures.length === 0) return;
  if (failures.length === 1) throw failures[0];
  const texts = failures.map(textOf);
  throw new AggregateError(failures, `${what} failed more than once: ${texts.join("; ")}`);
}
