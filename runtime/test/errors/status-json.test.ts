import { KratosError, parseStatusJson, toHttpStatus, toStatusJson } from "@kratos-ts/runtime";
import { describe, expect, test } from "vitest";

test.for([
  [404, 404],
  [302, 302],
  [599, 599],
  [200, 500],
  [204, 500],
  [100, 500],
  [99, 500],
  [600, 500],
  [10_001, 500],
  [404.5, 500],
  [Number.NaN, 500],
] as const)("code %d is answered with status %i", ([code, status]) => {
  expect(toHttpStatus(code)).toBe(status);
});

describe("toStatusJson", () => {
  test("writes all four keys in order, also when empty", () => {
    expect(toStatusJson(new KratosError(500, "", ""))).toBe(
      '{"code":500,"reason":"","message":"","metadata":{}}',
    );
    expect(
      toStatusJson(
        new KratosError(404, "R", 'say "hi"\n', { metadata: { k: "v" }, cause: "secret" }),
      ),
    ).toBe('{"code":404,"reason":"R","message":"say \\"hi\\"\\n","metadata":{"k":"v"}}');
  });

  test("keeps a code that HTTP has no status for, but not one that is no int32", () => {
    expect(toStatusJson(new KratosError(10_001, "", ""))).toContain('"code":10001');
    for (const code of [Number.NaN, 4.5, 2 ** 31]) {
      expect(toStatusJson(new KratosError(code, "", ""))).toContain('"code":500,');
    }
  });

  test("writes strings only, whatever a careless caller put into metadata", () => {
    const metadata = { n: 7, none: undefined, nested: { a: 1 } } as unknown as Record<
      string,
      string
    >;
    expect(JSON.parse(toStatusJson(new KratosError(400, "", "", { metadata }))).metadata).toEqual({
      n: "7",
      nested: '{"a":1}',
    });
  });
});

describe("parseStatusJson", () => {
  test("reads what toStatusJson wrote", () => {
    const error = new KratosError(404, "R", "m", { metadata: { k: "v", __proto__x: "y" } });
    expect(parseStatusJson(toStatusJson(error))).toMatchObject({
      code: 404,
      reason: "R",
      message: "m",
      metadata: { k: "v", __proto__x: "y" },
    });
  });

  test("lets the HTTP status win over the body's code", () => {
    expect(parseStatusJson('{"code":404,"reason":"R"}', 502)).toMatchObject({
      code: 502,
      reason: "R",
    });
  });

  test.for(['{"error":"other shape"}', "[]", "null", '"text"', '{"reason":1,"metadata":[]}'])(
    "gives an empty reason for %s",
    (body) => {
      expect(parseStatusJson(body, 502)).toMatchObject({ code: 502, reason: "", message: "" });
      expect(parseStatusJson(body).code).toBe(500);
    },
  );

  test("keeps why the body could not be read as the cause", () => {
    const error = parseStatusJson("<html>", 502);
    expect(error).toMatchObject({ code: 502, reason: "", message: "" });
    expect(error.cause).toBeInstanceOf(SyntaxError);
  });

  test("takes __proto__ as a plain key", () => {
    const error = parseStatusJson('{"code":400,"metadata":{"__proto__":"x"}}');
    expect(Object.keys(error.metadata)).toEqual(["__proto__"]);
    expect(toStatusJson(error)).toContain('{"__proto__":"x"}');
  });
});
