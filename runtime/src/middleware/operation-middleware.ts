import type { Middleware } from "./middleware.ts";

/**
 * Which middleware wraps which operation: a server's defaults for all, and further ones by selector, as
 * Kratos's `Use` has it. A selector is an operation (`/order.v1.OrderService/GetOrder`) or a prefix that
 * ends in `*` (`/order.v1.*`, `*`).
 */
export class OperationMiddleware {
  readonly #defaults: readonly Middleware[];
  readonly #exact = new Map<string, readonly Middleware[]>();
  readonly #prefixes = new Map<string, readonly Middleware[]>();

  constructor(defaults: readonly Middleware[]) {
    this.#defaults = defaults;
  }

  /** Sets what `selector` adds to the defaults; a second call with the same selector replaces the first. */
  use(selector: string, middleware: readonly Middleware[]): void {
    if (selector.endsWith("*")) this.#prefixes.set(selector.slice(0, -1), middleware);
    else this.#exact.set(selector, middleware);
  }

  /**
   * The middleware of `operation`, from the outside in: the defaults, then those of one selector, the exact
   * one or else the longest prefix. Selectors do not add up.
   */
  match(operation: string): readonly Middleware[] {
    return [...this.#defaults, ...(this.#exact.get(operation) ?? this.#matchPrefix(operation))];
  }

  #matchPrefix(operation: string): readonly Middleware[] {
    let longest: string | undefined;
    for (const prefix of this.#prefixes.keys()) {
      if (operation.startsWith(prefix) && prefix.length >= (longest?.length ?? 0)) longest = prefix;
    }
    return longest === undefined ? [] : (this.#prefixes.get(longest) ?? []);
  }
}
