import type { Header } from "../header.ts";

/** HTTP headers in memory. Checks names and values as they are put in, so that sending cannot fail. */
export class HeaderMap implements Header {
  readonly #values = new Map<string, string[]>();

  /** Headers as Node hands them over: names and values in turn. Of HTTP/2's own (`:path`), only the host stays. */
  static fromRaw(raw: readonly string[]): HeaderMap {
    const header = new HeaderMap();
    for (let index = 0; index < raw.length; index += 2) {
      const name = raw[index]!.toLowerCase();
      if (!name.startsWith(":")) header.#append(name, raw[index + 1]!);
      else if (name === ":authority") header.#append("host", raw[index + 1]!);
    }
    return header;
  }

  get(name: string): string | undefined {
    return this.#values.get(name.toLowerCase())?.[0];
  }

  values(name: string): readonly string[] {
    return this.#values.get(name.toLowerCase()) ?? [];
  }

  /** Throws a `TypeError` for a name or value that HTTP cannot carry. */
  set(name: string, value: string): void {
    check(name, value);
    this.#values.set(name.toLowerCase(), [value]);
  }

  /** Throws a `TypeError` for a name or value that HTTP cannot carry. */
  add(name: string, value: string): void {
    check(name, value);
    this.#append(name.toLowerCase(), value);
  }

  keys(): readonly string[] {
    return [...this.#values.keys()];
  }

  entries(): Iterable<[name: string, values: readonly string[]]> {
    return this.#values;
  }

  /** A copy of all names and values. */
  toMap(): ReadonlyMap<string, readonly string[]> {
    return new Map([...this.#values].map(([name, values]) => [name, [...values]]));
  }

  #append(key: string, value: string): void {
    const present = this.#values.get(key);
    if (present === undefined) this.#values.set(key, [value]);
    else present.push(value);
  }
}

function check(name: string, value: string): void {
  if (!/^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(name)) {
    throw new TypeError(`"${name}" is no name for a header, use letters, digits and "-"`);
  }
  // Plain JavaScript may pass anything, and Node would fail only when all is to be sent.
  if (typeof value !== "string" || /[^\t\x20-\x7e\x80-\xff]/.test(value)) {
    throw new TypeError(
      `the value of header "${name}" must be text without control characters, in Latin-1`,
    );
  }
}
