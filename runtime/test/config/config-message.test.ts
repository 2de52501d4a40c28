import { describe, expect, test } from "vitest";
import {
  configBoolean,
  configBytes,
  configDuration,
  configInteger,
  configMessage,
  configNumber,
  configTimestamp,
  configValue,
  type ConfigIssue,
} from "../../src/config/config-message.ts";

describe("configDuration", () => {
  test.for<[string, number]>([
    ["5000ms", 5000],
    ["1s", 1000],
    ["1m30s", 90_000],
    ["1.5h", 5_400_000],
    ["3.5s", 3500],
    ["0s", 0],
    ["0", 0],
    ["250us", 0.25],
    ["250µs", 0.25],
    ["1500ns", 0.0015],
    [".5s", 500],
    ["5.s", 5000],
    ["-2s", -2000],
    ["+2s", 2000],
    ["1.1s200ms", 1300],
    ["2h45m30.5s", 9_930_500],
  ])("reads %s as %d ms", ([text, milliseconds]) => {
    expect(read(configDuration, text)).toEqual({ value: milliseconds, issues: [] });
  });

  test.for<unknown>(["", "5", 5, "s", "1 s", "1d", "1s ", "1sm", "1.2.3s", "ms5", true, {}, []])(
    "refuses %j",
    (value) => {
      const { issues } = read(configDuration, value);

      expect(issues).toMatchObject([
        { message: expect.stringContaining('expected a duration such as "500ms" or "1m30s", got') },
      ]);
    },
  );

  test.for([undefined, null])("leaves %s undefined", (value) => {
    expect(read(configDuration, value)).toEqual({ value: undefined, issues: [] });
  });
});

describe("configMessage", () => {
  const message = configMessage({ addr: "addr", readTimeout: ["read_timeout", "rt"] }, []);

  test("renames keys and drops those without a value", () => {
    expect(read(message, { addr: null, read_timeout: 1 }).value).toEqual({ readTimeout: 1 });
    expect(read(message, { rt: 1 }).value).toEqual({ readTimeout: 1 });
  });

  test.for([undefined, null])("reads %s as empty", (value) => {
    expect(read(message, value)).toEqual({ value: {}, issues: [] });
  });

  test.for([5, "a", [[]]])("leaves %j to the schema", (value) => {
    expect(read(message, value)).toEqual({ value, issues: [] });
  });

  test.for<[key: string, advice: string]>([
    ["adrr", 'did you mean "addr"?'],
    ["ADDR", 'did you mean "addr"?'],
    ["readtimeout", 'did you mean "read_timeout"?'],
    ["read-timeout", 'did you mean "read_timeout"?'],
    ["colour", 'expected one of "addr", "read_timeout"'],
    ["constructor", 'expected one of "addr", "read_timeout"'],
  ])("refuses %s with advice", ([key, advice]) => {
    expect(read(message, { [key]: 1 }).issues).toMatchObject([
      { code: "unrecognized_keys", path: [key], message: `unknown key, ${advice}` },
    ]);
  });

  test("takes no key from a prototype", () => {
    const input: unknown = JSON.parse('{"__proto__": {"addr": "x"}}');

    expect(read(message, input).value).toEqual({});
    expect(read(message, input).issues).toMatchObject([{ path: ["__proto__"] }]);
  });

  test("a null among the fields of a oneof excludes nothing", () => {
    const oneof = configMessage({ a: "a", b: "b" }, [["a", "b"]]);

    expect(read(oneof, { a: null, b: 1 })).toEqual({ value: { b: 1 }, issues: [] });
    expect(read(oneof, { a: 1, b: 1 }).issues).toHaveLength(1);
  });
});

describe("scalars", () => {
  test.for<[unknown, unknown]>([
    ["80", 80],
    [" -1.5e3 ", -1500],
    [".5", 0.5],
    ["", ""],
    ["0x10", "0x10"],
    ["Infinity", "Infinity"],
    ["8000a", "8000a"],
    [true, true],
    [null, undefined],
  ])("a number from %j is %j", ([value, expected]) => {
    expect(configNumber(value)).toBe(expected);
  });

  test.for<[unknown, unknown]>([
    ["true", true],
    ["false", false],
    ["TRUE", "TRUE"],
    [1, 1],
    [null, undefined],
  ])("a boolean from %j is %j", ([value, expected]) => {
    expect(configBoolean(value)).toBe(expected);
  });

  test("a large integer stays text, and is refused where digits were lost already", () => {
    expect(configInteger(5)).toBe("5");
    expect(configInteger("9223372036854775807")).toBe("9223372036854775807");
    expect(configInteger(2 ** 53)).toBe(2 ** 53);
    expect(configInteger(null)).toBeUndefined();
  });

  test.for<[string, number[]]>([
    ["", []],
    ["AQID", [1, 2, 3]],
    ["_-8=", [255, 239]],
    ["/+8", [255, 239]],
  ])("bytes from %s", ([text, bytes]) => {
    expect(read(configBytes, text).value).toEqual(new Uint8Array(bytes));
  });

  test.for<unknown>(["A", "=", "a b", 5])("no bytes from %j", (value) => {
    expect(read(configBytes, value).issues).toHaveLength(1);
  });

  test.for<unknown>(["2025-13-01T00:00:00Z", "2025-01-01", "2025-01-01T00:00:00", 0, "now"])(
    "no time from %j",
    (value) => {
      expect(read(configTimestamp, value).issues).toHaveLength(1);
    },
  );

  test("a time from text with an offset, or from a Date", () => {
    const time = new Date("2025-01-31T08:00:00Z");

    expect(read(configTimestamp, "2025-01-31T09:00:00.000+01:00").value).toEqual(time);
    expect(read(configTimestamp, time).value).toEqual(time);
    expect(read(configTimestamp, null).value).toBeUndefined();
  });

  test("null is absent", () => {
    expect(configValue(null)).toBeUndefined();
    expect(configValue(0)).toBe(0);
  });
});

function read(
  reader: (value: unknown, context: { addIssue(issue: ConfigIssue): void }) => unknown,
  value: unknown,
): { value: unknown; issues: ConfigIssue[] } {
  const issues: ConfigIssue[] = [];
  return { value: reader(value, { addIssue: (issue) => issues.push(issue) }), issues };
}
