import { describe, expect, test } from "vitest";
import { toErrorName } from "../../src/model/error-facts.ts";

describe("the name of a reason in functions", () => {
  test.for([
    ["SYSTEM_ERROR", "SystemError"],
    ["System_Error", "SystemError"],
    ["system_error", "SystemError"],
    ["System_error", "SystemError"],
    ["ERR_404", "Err404"],
    ["UNKNOWN", "Unknown"],
    ["SystemError", "SystemError"],
    ["systemError", "SystemError"],
    ["system", "System"],
    ["OAuth_ERROR", "OAuthError"],
    ["A", "A"],
    ["_LEADING", "Leading"],
    ["TRAILING_", "Trailing"],
    ["DOUBLE__BAR", "DoubleBar"],
  ] as const)("of %s is %s", ([reason, name]) => {
    expect(toErrorName(reason)).toBe(name);
  });
});
