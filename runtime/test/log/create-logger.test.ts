import { createLogger, type LogLevel, silentLogger } from "@kratos-ts/runtime/log";
import { spawnSync } from "node:child_process";
import { describe, expect, test } from "vitest";

function collect(options: Parameters<typeof createLogger>[0] = {}) {
  const lines: string[] = [];
  const logger = createLogger({ ...options, write: (text) => lines.push(text) });
  return { logger, lines, records: () => lines.map((line): unknown => JSON.parse(line)) };
}

test("writes a line of JSON per record", () => {
  const { logger, lines } = collect();
  logger.info({ orderId: "7", count: 2, ok: true, none: null }, "order created");
  logger.warn("alone");
  expect(lines[0]).toMatch(
    /^\{"level":"info","time":"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z","orderId":"7","count":2,"ok":true,"none":null,"msg":"order created"\}\n$/,
  );
  expect(lines[1]).toMatch(/"level":"warn".*"msg":"alone"\}\n$/);
});

describe("levels", () => {
  const levels = ["trace", "debug", "info", "warn", "error", "fatal"] as const;

  test.for([...levels, "silent"] as LogLevel[])("%s writes what is as severe or more", (level) => {
    const { logger, records } = collect({ level });
    for (const name of levels) logger[name](name);
    const start = level === "silent" ? levels.length : levels.indexOf(level);
    expect(records()).toMatchObject(
      levels.slice(start).map((name) => ({ level: name, msg: name })),
    );
  });

  test("computes nothing for a level that is off", () => {
    const { logger } = collect();
    const trap = {
      get field(): never {
        throw new Error("was read");
      },
    };
    expect(() => logger.debug(trap, "hidden")).not.toThrow();
  });

  test("can be changed while running, and children start with their parent's", () => {
    const { logger, lines } = collect();
    logger.debug("hidden");
    logger.level = "debug";
    logger.debug("seen");
    logger.child({}).debug("seen");
    expect(lines).toHaveLength(2);
    expect(logger.level).toBe("debug");
  });

  test("are info unless said otherwise, and known names only", () => {
    expect(createLogger().level).toBe("info");
    const level = "loud" as LogLevel;
    expect(() => createLogger({ level })).toThrow(
      'unknown log level "loud", use one of trace, debug, info, warn, error, fatal, silent',
    );
  });
});

describe("bindings", () => {
  test("are written with every record, a child's after its parent's", () => {
    const { logger, records } = collect({ bindings: { service: "order" } });
    logger.child({ operation: "/a/b" }).info({ n: 1 }, "x");
    logger.info("y");
    expect(records()).toMatchObject([{ service: "order", operation: "/a/b", n: 1 }, { msg: "y" }]);
    expect(records()[1]).not.toHaveProperty("operation");
  });

  test("give way to fields of the same name, which are written once", () => {
    const { logger, lines } = collect({ bindings: { id: "bound" } });
    logger.info({ id: "own" }, "x");
    expect(lines[0]).toContain('"id":"own"');
    expect(lines[0]).not.toContain("bound");
  });

  test("and fields do not overwrite what the record itself has", () => {
    const { logger, records } = collect();
    logger.info({ level: "x", time: "y", msg: "z" }, "real");
    expect(records()).toMatchObject([
      { level: "info", msg: "real", _level: "x", _time: "y", _msg: "z" },
    ]);
  });
});

describe("errors", () => {
  test("are written with stack, own properties and causes, wherever they stand", () => {
    const { logger, records } = collect();
    const cause = Object.assign(new TypeError("no row"), { code: "E_ROW" });
    const err = new Error("failed", { cause });
    logger.error({ err, list: [cause] }, "x");
    expect(records()).toMatchObject([
      {
        err: {
          type: "Error",
          message: "failed",
          stack: err.stack,
          cause: { type: "TypeError", message: "no row", code: "E_ROW" },
        },
        list: [{ type: "TypeError", message: "no row" }],
      },
    ]);
  });

  test("may stand alone, as err with their message", () => {
    const { logger, records } = collect();
    logger.error(new Error("boom"));
    logger.error(new Error("boom"), "while saving");
    expect(records()).toMatchObject([
      { err: { message: "boom" }, msg: "boom" },
      { err: { message: "boom" }, msg: "while saving" },
    ]);
  });

  test("keep every error that they aggregate, and end on a circle", () => {
    const { logger, records } = collect();
    const error = new AggregateError([new Error("a"), new Error("b")], "both");
    error.cause = error;
    logger.error({ err: error }, "x");
    expect(records()).toMatchObject([
      { err: { errors: [{ message: "a" }, { message: "b" }], cause: "[circular]" } },
    ]);
  });
});

describe("values that JSON cannot hold", () => {
  const circle: Record<string, unknown> = { name: "a" };
  circle["self"] = circle;
  const shared = { a: 1 };
  const deep = Array.from({ length: 50 }).reduce<unknown>((inner) => ({ inner }), "bottom");

  test.for([
    ["a circle", circle, { name: "a", self: "[circular]" }],
    ["one object in two places", [shared, shared], [{ a: 1 }, { a: 1 }]],
    ["bigint", { id: 12345678901234567890n }, { id: "12345678901234567890" }],
    [
      "quotes, controls and long text",
      ['a"b', "\\", "\n\u0001é", "x".repeat(100)],
      ['a"b', "\\", "\n\u0001é", "x".repeat(100)],
    ],
    ["NaN and infinity", [Number.NaN, -Infinity], ["NaN", "-Infinity"]],
    ["a symbol", Symbol("s"), "Symbol(s)"],
    ["a date", new Date(0), "1970-01-01T00:00:00.000Z"],
    ["a date that is none", new Date(Number.NaN), null],
    ["a map", new Map([["k", 1n]]), { k: "1" }],
    ["a set", new Set([1, 2]), [1, 2]],
    ["bytes", new Uint8Array(3), "[Uint8Array of 3 bytes]"],
    ["a URL", new URL("http://a/b"), "http://a/b"],
    ["holes", [undefined, () => 1], [null, null]],
    ["an object without a prototype", Object.assign(Object.create(null), { a: 1 }), { a: 1 }],
    [
      "a getter that throws",
      {
        get a(): never {
          throw new Error("closed");
        },
      },
      "[unreadable: closed]",
    ],
  ] as const)("%s", ([, value, want]) => {
    const { logger, records } = collect();
    logger.info({ value }, "x");
    expect(records()).toMatchObject([{ value: want, msg: "x" }]);
  });

  test("undefined and functions are left out", () => {
    const { logger, records } = collect();
    logger.info({ a: undefined, b: () => 1 }, "x");
    expect(Object.keys(records()[0] as object)).toEqual(["level", "time", "msg"]);
  });

  test("what is nested too deep is cut", () => {
    const { logger, lines } = collect();
    logger.info({ deep }, "x");
    expect(lines[0]).toContain('"[deep]"');
    expect(lines[0]).not.toContain("bottom");
  });
});

describe("pretty", () => {
  test("is one line with the fields behind the message", () => {
    const { logger, lines } = collect({ format: "pretty", bindings: { service: "order" } });
    logger.info({ orderId: "7", text: "two words", list: [1] }, "order created");
    expect(lines[0]).toMatch(
      /^\d\d:\d\d:\d\d\.\d{3} INFO {2}order created service=order orderId=7 text="two words" list=\[1\]\n$/,
    );
  });

  test("puts stacks, own properties and causes below", () => {
    const { logger, lines } = collect({ format: "pretty" });
    const cause = Object.assign(new Error("no row"), { code: "E_ROW" });
    const error = new Error("failed", { cause });
    cause.cause = error;
    logger.error(error, "while saving");
    expect(lines[0]).toMatch(/ERROR while saving\n {2}Error: failed\n {6}at /);
    expect(lines[0]).toMatch(/\n {2}cause:\n {4}Error: no row\n/);
    expect(lines[0]).toMatch(/\n {4}code: E_ROW\n {4}cause: \[circular\]\n$/);
  });
});

test("writes JSON to standard output where that is no terminal", () => {
  const script = `
    import { createLogger } from "@kratos-ts/runtime/log";
    createLogger({ bindings: { a: 1 } }).info("hello");
  `;
  const { stdout, stderr } = spawnSync(
    process.execPath,
    [
      "--import",
      "./scripts/register.js",
      "--conditions=@kratos-ts/source",
      "--input-type=module",
      "--eval",
      script,
    ],
    { encoding: "utf8" },
  );
  expect(stderr).toBe("");
  expect(JSON.parse(stdout)).toMatchObject({ level: "info", a: 1, msg: "hello" });
});

test("goes on when nobody reads standard output any more", () => {
  const script = `
    import { createLogger } from "@kratos-ts/runtime/log";
    const logger = createLogger();
    for (let n = 0; n < 200; n++) {
      logger.info("x".repeat(10_000));
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    process.stderr.write("lived on");
  `;
  const node = `"${process.execPath}" --import ./scripts/register.js --conditions=@kratos-ts/source`;
  const { stderr } = spawnSync(`${node} --input-type=module --eval '${script}' | head -c 10`, {
    encoding: "utf8",
    shell: true,
  });
  expect(stderr).toBe("lived on");
});

test("silentLogger writes nothing, is its own child and stays silent", () => {
  expect(silentLogger.child({ a: 1 })).toBe(silentLogger);
  silentLogger.level = "info";
  expect(silentLogger.level).toBe("silent");
  expect(silentLogger.fatal("x")).toBeUndefined();
});
