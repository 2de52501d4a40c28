import { chmodSync, existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openSqlite } from "../../../internal/data/sqlite-database.ts";
import { makeTemporaryFolder } from "./temporary-folder.ts";

const steps = ["create table t (n integer primary key, text text) strict"];

test("makes the folders above the file", async () => {
  const folder = makeTemporaryFolder();

  const database = await openSqlite(join(folder, "a/b/test.db"), steps);
  await database.close();

  expect(readdirSync(join(folder, "a/b"))).toEqual(["test.db"]);
});

test("finds again what an earlier process of the service wrote", async () => {
  const file = join(makeTemporaryFolder(), "test.db");
  const first = await openSqlite(file, steps);
  await first.query("insert into t values ($1, $2)", [1, "kept"]);
  await first.close();

  const second = await openSqlite(file, steps);
  expect(await second.query("select text from t where n = $1", [1])).toEqual([{ text: "kept" }]);
  await second.close();
});

test("binds parameters by number, however often and in whatever order they stand", async () => {
  const database = await openSqlite(join(makeTemporaryFolder(), "test.db"), []);

  expect(await database.query("select $2 as b, $1 as a, $2 as c", ["one", "two"])).toEqual([
    { a: "one", b: "two", c: "two" },
  ]);
  await database.close();
});

test("refuses a number that would lose its upper bits", async () => {
  const database = await openSqlite(join(makeTemporaryFolder(), "test.db"), []);

  expect(await database.query("select $1 as n", [2n ** 63n - 1n])).toEqual([{ n: 2n ** 63n - 1n }]);
  await expect(database.query("select $1 as n", [2n ** 63n])).rejects.toThrow(RangeError);
  await database.close();
});

test("rejects a wrong statement, and goes on working", async () => {
  const database = await openSqlite(join(makeTemporaryFolder(), "test.db"), steps);

  await expect(database.query("select * from nowhere")).rejects.toThrow("nowhere");
  expect(await database.query("select 1 as one")).toEqual([{ one: 1 }]);
  await database.close();
});

test("runs each step of the schema once, also those that are added later", async () => {
  const file = join(makeTemporaryFolder(), "test.db");
  await (await openSqlite(file, steps)).close();

  const database = await openSqlite(file, [...steps, "alter table t add column more text"]);
  await database.query("insert into t values (1, 'a', 'b')");
  expect(await database.query("select * from t")).toEqual([{ n: 1, text: "a", more: "b" }]);
  await database.close();
});

test("leaves the database as it was when a step of the schema fails", async () => {
  const file = join(makeTemporaryFolder(), "test.db");
  const wrong = [...steps, "create table u (n integer); create table nonsense ("];
  await expect(openSqlite(file, wrong)).rejects.toThrow(`cannot open database "${file}"`);

  const database = await openSqlite(file, steps);
  expect(await database.query("select name from sqlite_schema where name = 'u'")).toEqual([]);
  await database.close();
});

test("refuses a database of a newer version of the program", async () => {
  const file = join(makeTemporaryFolder(), "test.db");
  await (await openSqlite(file, [...steps, "create table u (n integer)"])).close();

  await expect(openSqlite(file, steps)).rejects.toThrow("its schema is version 2, this program");
});

test("names a file that is not a database, and leaves it alone", async () => {
  const folder = makeTemporaryFolder();
  const file = join(folder, "notes.txt");
  writeFileSync(file, "these are the notes of a meeting, and no database at all\n".repeat(20));

  await expect(openSqlite(file, steps)).rejects.toThrow(
    `cannot open database "${file}": file is not a database, move it away or give "data.database.source" another path`,
  );
  expect(readdirSync(folder)).toEqual(["notes.txt"]);
});

test("names a folder that stands where the file should be", async () => {
  const folder = makeTemporaryFolder();

  await expect(openSqlite(folder, steps)).rejects.toThrow(
    `cannot open database "${folder}": it is not a file`,
  );
});

test("names a path that leads through a file", async () => {
  const folder = makeTemporaryFolder();
  writeFileSync(join(folder, "file"), "");

  await expect(openSqlite(join(folder, "file/test.db"), steps)).rejects.toThrow(
    /cannot open database ".*file\/test\.db": (ENOTDIR|EEXIST)/,
  );
});

test("names a folder that must not be written", async ({ skip }) => {
  skip(process.getuid?.() === 0, "root may write everywhere");
  const folder = join(makeTemporaryFolder(), "locked");
  mkdirSync(folder);
  chmodSync(folder, 0o555);

  await expect(openSqlite(join(folder, "test.db"), steps)).rejects.toThrow("EACCES");
});

test("refuses a file that this process has open already", async () => {
  const file = join(makeTemporaryFolder(), "test.db");
  const first = await openSqlite(file, steps);

  await expect(openSqlite(file, steps)).rejects.toThrow(`in use by process ${process.pid}`);
  await first.query("insert into t values (1, 'still works')");
  await first.close();
});

test.for([
  ["another process that lives", { pid: process.ppid, host: hostname() }],
  ["a process of another machine", { pid: 1, host: "elsewhere" }],
] as const)("refuses a file that belongs to %s", async ([, owner]) => {
  const file = join(makeTemporaryFolder(), "test.db");
  writeFileSync(`${file}.owner`, JSON.stringify({ ...owner, startedAt: Date.now() }));

  await expect(openSqlite(file, steps)).rejects.toThrow(
    `in use by process ${owner.pid} on "${owner.host}"`,
  );
  expect(existsSync(`${file}.owner`)).toBe(true);
});

test.for([
  ["a process that is gone", { pid: 2 ** 30, host: hostname(), startedAt: Date.now() }],
  [
    "a process with this one's number",
    { pid: process.pid, host: hostname(), startedAt: Date.now() },
  ],
  [
    "a process from before the machine started",
    { pid: process.ppid, host: hostname(), startedAt: 0 },
  ],
  ["nobody that can be told", {}],
] as const)("takes over what %s left behind", async ([, owner]) => {
  const folder = makeTemporaryFolder();
  const file = join(folder, "test.db");
  await (await openSqlite(file, steps)).close();
  writeFileSync(`${file}.owner`, JSON.stringify(owner));
  mkdirSync(`${file}.lock`);

  const database = await openSqlite(file, steps);
  await database.query("insert into t values (1, 'written')");
  await database.close();

  expect(readdirSync(folder)).toEqual(["test.db"]);
});

test("can be closed twice", async () => {
  const database = await openSqlite(join(makeTemporaryFolder(), "test.db"), steps);
  await database.close();
  await database.close();
  await expect(database.query("select 1")).rejects.toThrow("closed");
});
