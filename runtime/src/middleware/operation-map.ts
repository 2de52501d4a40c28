/**
 * Values by operation. A selector is an operation (`/order.v1.OrderService/GetOrder`) or a prefix that ends
 * in `*` (`/order.v1.*`, `*`).
 */
export class OperationMap<T> {
  readonly #exact = new Map<string, T>();
  readonly #prefixes = new Map<string, T>();

  /** A second call with the same selector replaces the first. */
  set(selector: string, value: T): void {
    if (selector.endsWith("*")) this.#prefixes.set(selector.slice(0, -1), value);
    else this.#exact.set(selector, value);
  }

  /** All selectors, as they were set. */
  selectors(): readonly string[] {
    return [...this.#exact.keys(), ...Array.from(this.#prefixes.keys(), (prefix) => `${prefix}*`)];
  }

  /** The value of one selector: the exact one, or else the one with the longest prefix. They do not add up. */
  find(operation: string): T | undefined {
    return this.#exact.get(operation) ?? this.#findPrefix(operation);
  }

  #findPrefix(operation: string): T | undefined {
    let longest: string | undefined;
    for (const prefix of this.#prefixes.keys()) {
      if (operation.startsWith(prefix) && prefix.length >= (longest?.length ?? 0)) longest = prefix;
    }
    return longest === undefined ? undefined : this.#prefixes.get(longest);
  }
}
