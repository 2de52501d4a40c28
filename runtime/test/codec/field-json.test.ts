import type { JsonValue } from "@bufbuild/protobuf";
import { create } from "@bufbuild/protobuf";
import { compileFieldCodec } from "@kratos-ts/runtime/codec";
import { describe, expect, test } from "vitest";
import { compileProtos } from "./protos.ts";

const { message } = compileProtos();
const R = message("transcoding.v1.R");
const SUB = message("transcoding.v1.Sub");

function field(name: string) {
  const found = R.fields.find((each) => each.name === name);
  if (found === undefined) throw new Error(`R has no field "${name}"`);
  return found;
}

describe("a single field", () => {
  test.for<[string, unknown, string]>([
    ["tags", ["a"], '["a"]'],
    ["name", "x", '"x"'],
    ["big", 5n, '"5"'],
    ["labels", { a: "b" }, '{"a":"b"}'],
    ["state", 1, '"ACTIVE"'],
    ["ts", { seconds: 0n }, '"1970-01-01T00:00:00Z"'],
    ["pick_a", "x", '"x"'],
    ["book", undefined, "{}"],
    ["ts", undefined, "null"],
    ["name", undefined, '""'],
    ["tags", undefined, "[]"],
    ["labels", undefined, "{}"],
  ])("%s writes %o as %s", ([name, value, text]) => {
    expect(compileFieldCodec(field(name)).toJsonString(value)).toBe(text);
  });

  test.for<[string, JsonValue, unknown]>([
    ["tags", ["a", "b"], ["a", "b"]],
    ["name", "abc", "abc"],
    ["big", "9007199254740993", 9007199254740993n],
    ["labels", { a: "b" }, { a: "b" }],
    ["book", null, undefined],
    ["name", null, ""],
    ["tags", null, []],
    ["book", { num: 2 }, create(SUB, { num: 2 })],
  ])("%s reads %j", ([name, json, value]) => {
    expect(compileFieldCodec(field(name)).fromJson(json)).toEqual(value);
  });

  test("names itself in errors", () => {
    expect(() => compileFieldCodec(field("tags")).fromJson(["a", 5])).toThrow(
      'field "tags[1]": expected a string, got 5',
    );
    expect(() => compileFieldCodec(field("sub")).toJsonString({ num: "x" })).toThrow(
      'field "sub.num": expected an int32, got "x"',
    );
  });
});
