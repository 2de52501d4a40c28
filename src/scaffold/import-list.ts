/** Where a printed file gets its names from. */
export interface Imports {
  /** Returns the name under which `name` of `module` is known in the file; `typeOnly`: no value is needed of it. */
  add(name: string, module: string, typeOnly: boolean): string;
}

/** An import statement to print. */
export interface ImportLine {
  readonly from: string;
  readonly typeOnly: boolean;
  /** Such as `Order` and `Promise as Promise1`. */
  readonly names: readonly string[];
}

/** Imports of a new file, each name once; a name that is taken gets an alias. */
export class ImportList implements Imports {
  readonly #taken: Set<string>;
  readonly #modules = new Map<string, { typeOnly: boolean; names: Map<string, string> }>();

  /** `declared`: what the file itself declares, or uses of the language. */
  constructor(declared: readonly string[]) {
    this.#taken = new Set([...declared, "AsyncGenerator", "AsyncIterable", "Promise"]);
  }

  add(name: string, module: string, typeOnly: boolean): string {
    const key = `${typeOnly ? "type" : "value"} ${module}`;
    let entry = this.#modules.get(key);
    if (entry === undefined) {
      entry = { typeOnly, names: new Map() };
      this.#modules.set(key, entry);
    }
    const present = entry.names.get(name);
    if (present !== undefined) return present;
    let local = name;
    for (let i = 1; this.#taken.has(local); i++) local = `${name}${i}`;
    this.#taken.add(local);
    entry.names.set(name, local);
    return local;
  }

  /** Packages first, then files, each in alphabetical order. */
  list(): ImportLine[] {
    const rank = (module: string): string => (module.startsWith(".") ? "1" : "0") + module;
    return [...this.#modules]
      .map(([key, entry]) => ({ from: key.slice(key.indexOf(" ") + 1), ...entry }))
      .sort((a, b) => (rank(a.from) < rank(b.from) ? -1 : 1))
      .map(({ from, typeOnly, names }) => ({
        from,
        typeOnly,
        names: [...names]
          .map(([name, local]) => (name === local ? name : `${name} as ${local}`))
          .sort(),
      }));
  }
}
