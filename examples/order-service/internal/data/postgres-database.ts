import type { Pool } from "pg";
import type { Logger } from "@kratos-ts/runtime/log";
import { z } from "zod";
import type { SqlDatabase, SqlRow, SqlValue } from "./sql-database.ts";

/** What {@link openPostgres} needs. */
export interface PostgresOptions {
  /** The database's URL. */
  readonly source: string;
  /** See {@link SqlSchema}. */
  readonly steps: readonly string[];
  readonly logger: Logger;
  /** Milliseconds to wait for a connection. Default: 5000. */
  readonly timeout?: number;
}

/**
 * Connects to a PostgreSQL and runs the steps of the schema that have not run yet; several processes may
 * do so at once. Throws an error that names the server, never the password, when it cannot be reached.
 */
export async function openPostgres(options: PostgresOptions): Promise<SqlDatabase> {
  const { source, steps, logger, timeout = 5_000 } = options;
  const server = describeServer(source);
  const { default: pg } = await import("pg");
  const pool = new pg.Pool({ connectionString: source, connectionTimeoutMillis: timeout });
  // A connection that breaks while nobody uses it is replaced; without a listener it ends the process.
  pool.on("error", (err) => logger.warn({ err, server }, "lost a database connection"));
  try {
    await migrate(pool, steps);
  } catch (error) {
    await pool.end();
    throw new Error(`cannot use PostgreSQL at "${server}": ${describeFailure(error)}`, {
      cause: error,
    });
  }
  return new PostgresDatabase(pool);
}

class PostgresDatabase implements SqlDatabase {
  readonly #pool: Pool;
  #closed: Promise<void> | undefined;

  constructor(pool: Pool) {
    this.#pool = pool;
  }

  async query(sql: string, params: readonly SqlValue[] = []): Promise<readonly SqlRow[]> {
    const { rows } = await this.#pool.query<SqlRow>(sql, [...params]);
    return rows;
  }

  close(): Promise<void> {
    this.#closed ??= this.#pool.end();
    return this.#closed;
  }
}

async function migrate(pool: Pool, steps: readonly string[]): Promise<void> {
  const client = await pool.connect();
  let broken = true;
  try {
    await client.query("begin");
    await client.query("select pg_advisory_xact_lock(hashtext('schema_version'))");
    await client.query("create table if not exists schema_version (version integer not null)");
    const { rows } = await client.query("select version from schema_version");
    const done = z.object({ version: z.number() }).optional().parse(rows[0])?.version;
    if (done !== undefined && done > steps.length) {
      throw new Error(
        `its schema is version ${done}, this program knows ${steps.length}; update it`,
      );
    }
    for (const step of steps.slice(done)) await client.query(step);
    const record =
      done === undefined
        ? "insert into schema_version values ($1)"
        : "update schema_version set version = $1";
    await client.query(record, [steps.length]);
    await client.query("commit");
    broken = false;
  } finally {
    client.release(broken); // a broken one is closed, which rolls its transaction back
  }
}

function describeServer(source: string): string {
  if (!URL.canParse(source)) {
    throw new Error(
      `data.database.source is not the URL of a PostgreSQL, such as postgres://user:password@host:5432/database`,
    );
  }
  const { host, pathname } = new URL(source);
  return host + pathname;
}

/** A name with several addresses fails with an error per address and no message of its own. */
function describeFailure(error: unknown): string {
  if (error instanceof AggregateError && error.message === "") {
    return error.errors.map(describeFailure).join(", ");
  }
  return error instanceof Error ? error.message : String(error);
}
