import { beforeEach, expect, test } from "vitest";
import type { GreeterRepo } from "../../../internal/biz/greeter.ts";
import { newGreeterRepo } from "../../../internal/data/greeter-repo.ts";
import type { SqlDatabase } from "../../../internal/data/sql-database.ts";

const noon = new Date("2026-01-01T12:00:00.123Z");
const later = new Date("2026-01-01T12:00:01Z");

/** What a greeter repository does, whatever the database: `open` gives an empty one for each test. */
export function testGreeterRepo(open: () => Promise<SqlDatabase>): void {
  let greeters: GreeterRepo;

  beforeEach(async () => {
    const database = await open();
    greeters = newGreeterRepo(database);
    return () => database.close();
  });

  test("finds nobody at first", async () => {
    expect(await greeters.findByName("kratos")).toBeUndefined();
  });

  test("counts greetings and keeps the time of the last one", async () => {
    expect(await greeters.addGreeting("kratos", noon)).toEqual({
      name: "kratos",
      greetings: 1,
      lastGreetedAt: noon,
    });
    expect(await greeters.addGreeting("kratos", later)).toEqual({
      name: "kratos",
      greetings: 2,
      lastGreetedAt: later,
    });
    expect(await greeters.findByName("kratos")).toEqual({
      name: "kratos",
      greetings: 2,
      lastGreetedAt: later,
    });
  });

  test("loses none of the greetings that come at once", async () => {
    await Promise.all(Array.from({ length: 50 }, () => greeters.addGreeting("kratos", noon)));

    expect(await greeters.findByName("kratos")).toMatchObject({ greetings: 50 });
  });

  test.for(["Ωmega 😀", "'; drop table greeters; --", "$1", " ", "a\u0301"])(
    "keeps the name %j as it is",
    async (name) => {
      await greeters.addGreeting(name, noon);

      expect(await greeters.findByName(name)).toMatchObject({ name, greetings: 1 });
      expect(await greeters.findByName(`${name}x`)).toBeUndefined();
    },
  );
}
