import { closestName } from "../errors/closest-name.ts";
import type { Logger } from "../log/logger.ts";

/**
 * Warns of selectors that match none of a server's operations: a misspelt one would leave its operation without the
 * middleware that protects it. `where` begins the record, such as `[HTTP] use()`. A server that serves nothing says
 * nothing.
 */
export function reportUnmatched(
  where: string,
  selectors: readonly string[],
  operations: readonly string[],
  logger: Logger,
): void {
  if (operations.length === 0) return;
  for (const selector of selectors) {
    if (operations.some((operation) => matches(selector, operation))) continue;
    const nearest = findNearest(selector, operations);
    const fields = nearest === undefined ? { selector } : { selector, nearest };
    logger.warn(fields, `${where} has a selector that matches no operation`);
  }
}

function matches(selector: string, operation: string): boolean {
  return selector.endsWith("*")
    ? operation.startsWith(selector.slice(0, -1))
    : operation === selector;
}

/** What was probably meant; operations that lack only their package or service count first. */
function findNearest(selector: string, operations: readonly string[]): string | undefined {
  const candidates = selector.endsWith("*")
    ? [...new Set(operations.map((operation) => `${serviceOf(operation)}/*`))]
    : operations;
  const end = selector.replace(/^\//, "").toLowerCase();
  const longer = candidates.find((candidate) => {
    const text = candidate.toLowerCase();
    return text.endsWith(`/${end}`) || text.endsWith(`.${end}`);
  });
  return longer ?? closestName(selector, candidates);
}

function serviceOf(operation: string): string {
  return operation.slice(0, operation.lastIndexOf("/"));
}
