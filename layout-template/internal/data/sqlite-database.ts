import { accessSync, constants, mkdirSync, rmSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import type { Database } from "node-sqlite3-wasm";
import { z } from "zod";
import type { SqlDatabase, SqlRow, SqlValue } from "./sql-database.ts";
import { claimSqliteFile, type SqliteClaim } from "./sqlite-claim.ts";

/**
 * Opens the embedded database in `source`, a path (a relative one starts in the working directory); makes the file
 * and its folder when they are absent, and runs the `steps` of the schema that have not run yet.
 * One process at a time; every statement is on disk when its promise resolves. Throws an error that
 * names the file when it is not a database, in use, or written by a newer version.
 */
export async function openSqlite(source: string, steps: readonly string[]): Promise<SqlDatabase> {
  const file = resolve(source);
  const { default: sqlite } = await import("node-sqlite3-wasm"); // 50 ms: only for those who use it
  let claim: SqliteClaim | undefined;
  let database: Database | undefined;
  try {
    prepareFolder(file);
    claim = claimSqliteFile(file);
    rmSync(`${file}.lock`, { recursive: true, force: true }); // ours now, so whoever left it is gone
    database = new sqlite.Database(file);
    // Exclusive, as the claim is. With it the journal can be a write-ahead log, which recovers from
    // a killed process and syncs once per statement.
    database.exec("pragma locking_mode = exclusive; pragma journal_mode = wal");
    migrate(database, steps);
  } catch (error) {
    database?.close();
    claim?.release();
    const reason = error instanceof Error ? error.message : String(error);
    const hint = /not a database/.test(reason)
      ? ', move it away or give "data.database.source" another path'
      : "";
    throw new Error(`cannot open database "${file}": ${reason}${hint}`, { cause: error });
  }
  return new SqliteDatabase(database, claim);
}

class SqliteDatabase implements SqlDatabase {
  readonly #database: Database;
  readonly #claim: SqliteClaim;

  constructor(database: Database, claim: SqliteClaim) {
    this.#database = database;
    this.#claim = claim;
  }

  async query(sql: string, params: readonly SqlValue[] = []): Promise<readonly SqlRow[]> {
    return this.#database.all(sql, toBindings(params));
  }

  async close(): Promise<void> {
    if (!this.#database.isOpen) return;
    this.#database.close();
    this.#claim.release();
  }
}

/** By name, since SQLite takes `$1` for one. */
function toBindings(params: readonly SqlValue[]): Record<string, SqlValue> {
  for (const value of params) {
    // SQLite would keep the low 64 bits and say nothing.
    if (typeof value === "bigint" && BigInt.asIntN(64, value) !== value) {
      throw new RangeError(`${value} does not fit into 64 bits`);
    }
  }
  return Object.fromEntries(params.map((value, index) => [`$${index + 1}`, value]));
}

function migrate(database: Database, steps: readonly string[]): void {
  const { user_version: done } = versionRow.parse(database.get("pragma user_version"));
  if (done > steps.length) {
    throw new Error(`its schema is version ${done}, this program knows ${steps.length}; update it`);
  }
  for (const [index, step] of steps.entries()) {
    if (index < done) continue;
    database.exec(`begin; ${step}; pragma user_version = ${index + 1}; commit`);
  }
}

const versionRow = z.object({ user_version: z.number() });

/** Says why opening would fail, which SQLite does not. */
function prepareFolder(file: string): void {
  const folder = dirname(file);
  mkdirSync(folder, { recursive: true });
  accessSync(folder, constants.W_OK);
  const status = statSync(file, { throwIfNoEntry: false });
  if (status === undefined) return;
  if (!status.isFile()) throw new Error("it is not a file");
  accessSync(file, constants.R_OK | constants.W_OK);
}
