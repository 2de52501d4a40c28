import type { Middleware } from "./middleware.ts";
import { OperationMap } from "./operation-map.ts";

/**
 * Which middleware wraps which operation: a server's defaults for all, and further ones by selector, as
 * Kratos's `Use` has it; for selectors see {@link OperationMap}.
 */
export class OperationMiddleware {
  readonly #defaults: readonly Middleware[];
  readonly #selected = new OperationMap<readonly Middleware[]>();

  constructor(defaults: readonly Middleware[]) {
    this.#defaults = defaults;
  }

  /** Sets what `selector` adds to the defaults; a second call with the same selector replaces the first. */
  use(selector: string, middleware: readonly Middleware[]): void {
    this.#selected.set(selector, middleware);
  }

  selectors(): readonly string[] {
    return this.#selected.selectors();
  }

  /** The middleware of `operation`, from the outside in: the defaults, then those of one selector. */
  match(operation: string): readonly Middleware[] {
    return [...this.#defaults, ...(this.#selected.find(operation) ?? [])];
  }
}
