/** What a statement can be given. */
export type SqlValue = string | number | bigint | null;

/** A row as the driver gives it: check it (with zod) before you trust a type. */
export type SqlRow = Readonly<Record<string, unknown>>;

/** What repositories need of a database; one statement at a time, which is all they use. */
export interface SqlDatabase {
  /**
   * Runs one statement. `$1`, `$2`… stand for `params`. Resolves with the rows of a `select` or of a
   * `returning` clause. Plain SQL such as `on conflict … do update … returning` means the same to
   * both databases here.
   */
  query(sql: string, params?: readonly SqlValue[]): Promise<readonly SqlRow[]>;
  close(): Promise<void>;
}

/**
 * The tables, as steps from the empty database to the newest form. Each step runs once per database;
 * add new ones at the end and never change one that has run somewhere.
 */
export interface SqlSchema {
  readonly sqlite: readonly string[];
  readonly postgres: readonly string[];
}
