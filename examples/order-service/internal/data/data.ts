import { resolve } from "node:path";
import type { Logger } from "@kratos-ts/runtime/log";
import type { Data as DataConfig } from "../conf/conf_config.ts";
import { openPostgres } from "./postgres-database.ts";
import { schema } from "./schema.ts";
import type { SqlDatabase } from "./sql-database.ts";
import { openSqlite } from "./sqlite-database.ts";

/** What {@link newData} needs. */
export interface DataDeps {
  readonly config: DataConfig;
  /** What a relative path of a database file starts from. */
  readonly home: string;
  readonly logger: Logger;
}

/** The connections of this service; repositories are built on them. */
export interface Data {
  readonly database: SqlDatabase;
  /** Closes them. */
  dispose(): Promise<void>;
}

/** Connects to what `config` names. Throws when that is impossible; nothing stays open then. */
export async function newData({ config, home, logger }: DataDeps): Promise<Data> {
  const database = await openDatabase(config.database, home, logger);
  return { database, dispose: () => database.close() };
}

function openDatabase(
  { driver, source }: DataConfig["database"],
  home: string,
  logger: Logger,
): Promise<SqlDatabase> {
  switch (driver) {
    case "":
    case "sqlite":
      return openSqlite(resolve(home, source || "data/order-service.db"), schema.sqlite);
    case "postgres":
      return openPostgres({ source, steps: schema.postgres, logger });
    default:
      throw new Error(`data.database.driver is "${driver}", and can be "sqlite" or "postgres"`);
  }
}
