import { join } from "node:path";
import { describe } from "vitest";
import { schema } from "../../../internal/data/schema.ts";
import { openSqlite } from "../../../internal/data/sqlite-database.ts";
import { testGreeterRepo } from "./greeter-repo-contract.ts";
import { makeTemporaryFolder } from "./temporary-folder.ts";

describe("on the embedded database", () => {
  testGreeterRepo(() => openSqlite(join(makeTemporaryFolder(), "test.db"), schema.sqlite));
});
