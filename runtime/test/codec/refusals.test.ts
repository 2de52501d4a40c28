import type { JsonValue } from "@bufbuild/protobuf";
import { create, toBinary } from "@bufbuild/protobuf";
import { describe, expect, test } from "vitest";
import { createCodecsWith } from "../../src/codec/codec.ts";
import { isCodecError } from "../../src/codec/codec-error.ts";
import { compile } from "../../src/codec/compiled.ts";
import { interpret } from "../../src/codec/interpreted.ts";
import { attempt } from "./attempt.ts";
import { compileProtos } from "./protos.ts";

const { message, registry } = compileProtos();

/** Type, JSON, message of the error. */
const JSON_REFUSALS: readonly [string, JsonValue, string][] = [
  ["R", [], "expected an object for transcoding.v1.R, got an array"],
  ["R", 1, "expected an object for transcoding.v1.R, got 1"],
  ["R", null, "expected an object for transcoding.v1.R, got null"],
  ["R", "x", 'expected an object for transcoding.v1.R, got "x"'],
  ["R", { big: true }, 'field "big": expected an int64, got true'],
  ["R", { n: "5x" }, 'field "n": expected an int32, got "5x"'],
  ["R", { n: "0x10" }, 'field "n": expected an int32, got "0x10"'],
  ["R", { n: " 5" }, 'field "n": expected an int32, got " 5"'],
  ["R", { n: "" }, 'field "n": expected an int32, got ""'],
  ["R", { n: 1.5 }, 'field "n": expected an int32, got 1.5'],
  ["R", { n: "1.5" }, 'field "n": expected an int32, got "1.5"'],
  [
    "R",
    { n: 2147483648 },
    'field "n": expected an int32 (-2147483648 to 2147483647), got 2147483648',
  ],
  ["R", { n: "1e999999" }, 'field "n": expected an int32, got "1e999999"'],
  ["R", { u: -1 }, 'field "u": expected a uint32 (0 to 4294967295), got -1'],
  [
    "R",
    { big: 2 ** 53 },
    'field "big": expected an int64, got 9007199254740992, which JSON numbers cannot carry exactly: send it as a string',
  ],
  [
    "R",
    { big: "9223372036854775808" },
    'field "big": expected an int64 (-9223372036854775808 to 9223372036854775807), got 9223372036854775808',
  ],
  ["R", { b: 1 }, 'field "b": expected a bool, got 1'],
  ["R", { b: "true" }, 'field "b": expected a bool, got "true"'],
  ["R", { d: "1,5" }, 'field "d": expected a double, got "1,5"'],
  ["R", { d: Infinity }, 'field "d": expected a double, got Infinity'],
  ["R", { name: 5 }, 'field "name": expected a string, got 5'],
  ["R", { name: "\ud800" }, 'field "name": expected valid Unicode, got a lone surrogate'],
  ["R", { raw: "%" }, 'field "raw": expected base64, got other text'],
  ["R", { raw: "AAAAA" }, 'field "raw": expected base64, got a text of impossible length'],
  ["R", { raw: 5 }, 'field "raw": expected bytes as base64, got 5'],
  [
    "R",
    { state: "NOPE" },
    'field "state": expected a value of transcoding.v1.State (STATE_UNSPECIFIED, ACTIVE, CLOSED), got "NOPE"',
  ],
  [
    "R",
    { states: ["ACTIVE", "active"] },
    'field "states[1]": expected a value of transcoding.v1.State (STATE_UNSPECIFIED, ACTIVE, CLOSED), got "active"',
  ],
  ["R", { state: true }, 'field "state": expected a value of transcoding.v1.State, got true'],
  ["R", { tags: "a" }, 'field "tags": expected a list, got "a"'],
  ["R", { tags: ["a", null] }, 'field "tags[1]": expected a value, as a list cannot hold null'],
  ["R", { labels: [] }, 'field "labels": expected an object, got an array'],
  [
    "R",
    { labels: { a: null } },
    'field "labels["a"]": expected a value, as a map cannot hold null',
  ],
  ["R", { labels: { a: 1 } }, 'field "labels["a"]": expected a string, got 1'],
  ["R", { sub: { deep: { num: [] } } }, 'field "sub.deep.num": expected an int32, got an array'],
  ["R", { subs: [{}, { num: {} }] }, 'field "subs[1].num": expected an int32, got an object'],
  ["R", { subs: [5] }, 'field "subs[0]": expected an object for transcoding.v1.Sub, got 5'],
  [
    "R",
    { displayName: "a", display_name: "b" },
    'field "display_name": given twice, as "displayName" and as "display_name"',
  ],
  [
    "R",
    { displayName: null, display_name: "b" },
    'field "display_name": given twice, as "displayName" and as "display_name"',
  ],
  ["R", { pickA: "a", pickB: 1 }, 'field "pick_b": oneof "pick" is already set by "pick_a"'],
  [
    "R",
    { ts: "2026-01-01" },
    'field "ts": expected a timestamp such as 2026-01-31T08:30:00Z, got "2026-01-01"',
  ],
  ["R", { ts: 5 }, 'field "ts": expected a timestamp such as 2026-01-31T08:30:00Z, got 5'],
  [
    "R",
    { ts: "2026-02-29T00:00:00Z" },
    'field "ts": expected a timestamp that exists, got "2026-02-29T00:00:00Z"',
  ],
  [
    "R",
    { ts: "2026-01-01T00:00:60Z" },
    'field "ts": expected a timestamp that exists, got "2026-01-01T00:00:60Z"',
  ],
  [
    "R",
    { ts: "0001-01-01T00:00:00+00:01" },
    'field "ts": expected a timestamp from 0001-01-01T00:00:00Z to 9999-12-31T23:59:59Z, got "0001-01-01T00:00:00+00:01"',
  ],
  ["R", { dur: "1m" }, 'field "dur": expected a duration in seconds such as 1.5s, got "1m"'],
  ["R", { dur: "1s " }, 'field "dur": expected a duration in seconds such as 1.5s, got "1s "'],
  [
    "R",
    { dur: "1.0000000001s" },
    'field "dur": expected a duration in seconds such as 1.5s, got "1.0000000001s"',
  ],
  [
    "R",
    { dur: "315576000001s" },
    'field "dur": expected a duration within ±315576000000 s, got "315576000001s"',
  ],
  ["R", { mask: "a_b" }, 'field "mask": expected a field mask in lowerCamelCase, got "a_b"'],
  ["R", { wI: "x" }, 'field "w_i": expected an int32, got "x"'],
  ["R", { st: [] }, 'field "st": expected an object, got an array'],
  [
    "R",
    { st: { a: [1, { b: Infinity }] } },
    'field "st["a"][1]["b"]": expected a finite number, got Infinity',
  ],
  [
    "R",
    { any: { "@type": 5 } },
    'field "any.@type": expected a type URL such as type.googleapis.com/a.B, got 5',
  ],
  [
    "R",
    { any: { "@type": "x/no.Such", a: 1 } },
    'field "any.@type": expected a registered type, got "x/no.Such"',
  ],
  [
    "R",
    { any: { "@type": "x/transcoding.v1.Sub", num: "x" } },
    'field "any.num": expected an int32, got "x"',
  ],
];

const BINARY_REFUSALS: readonly [string, number[], string][] = [
  ["a tag cut short", [0x80], "malformed protobuf: it ends too early"],
  ["field number 0", [0x00], "malformed protobuf: field number 0"],
  [
    "a tag beyond 32 bits",
    [0x80, 0x80, 0x80, 0x80, 0x10, 0],
    "malformed protobuf: a tag is larger than 32 bits",
  ],
  [
    "an endless varint",
    [0x18, ...Array.from({ length: 10 }, () => 0xff), 1],
    'field "n": malformed protobuf: a varint is longer than ten bytes',
  ],
  [
    "a string longer than the input",
    [0x0a, 5, 0x61],
    'field "id": malformed protobuf: it ends too early',
  ],
  [
    "a length of 4 GiB",
    [0x0a, 0xff, 0xff, 0xff, 0xff, 0x0f],
    'field "id": malformed protobuf: it ends too early',
  ],
  ["invalid UTF-8", [0x0a, 1, 0xff], 'field "id": expected valid UTF-8, got other bytes'],
  ["half a double", [0x39, 1, 2, 3], 'field "d": malformed protobuf: it ends too early'],
  [
    "a nested field beyond its message",
    [0x72, 3, 0x0a, 5, 0x61, 0, 0, 0, 0],
    'field "subs": malformed protobuf: it ends too early',
  ],
  ["the end of no group", [0x0c], "malformed protobuf: wire type 4 of field 1"],
  ["wire type 7", [0x0f], "malformed protobuf: wire type 7 of field 1"],
  ["a group without end", [0xf3, 0x7d, 0x08, 1], "malformed protobuf: it ends too early"],
  ["a group with another's end", [0xf3, 0x7d, 0x0c], "malformed protobuf: another group's end"],
];

/** Members of an R, of types that TypeScript would not let through, and the error of writing them. */
const WRITE_REFUSALS: readonly [Record<string, unknown>, string][] = [
  [{ n: "5" }, 'field "n": expected an int32, got "5"'],
  [{ n: NaN }, 'field "n": expected an int32, got NaN'],
  [{ n: 1.5 }, 'field "n": expected an int32, got 1.5'],
  [{ n: 2 ** 31 }, 'field "n": expected an int32 (-2147483648 to 2147483647), got 2147483648'],
  [{ n: 5n }, 'field "n": expected an int32, got 5n'],
  [{ u: -1 }, 'field "u": expected a uint32 (0 to 4294967295), got -1'],
  [{ big: 2 ** 53 }, 'field "big": expected an int64, got 9007199254740992'],
  [{ big: "1.5" }, 'field "big": expected an int64, got "1.5"'],
  [
    { big: 1n << 63n },
    'field "big": expected an int64 (-9223372036854775808 to 9223372036854775807), got 9223372036854775808',
  ],
  [{ b: 0 }, 'field "b": expected a bool, got 0'],
  [{ d: "1" }, 'field "d": expected a double, got "1"'],
  [{ d: {} }, 'field "d": expected a double, got an object'],
  [{ name: 5 }, 'field "name": expected a string, got 5'],
  [{ name: "a\ud800" }, 'field "name": expected valid Unicode, got a lone surrogate'],
  [
    { name: `${"a".repeat(99)}\udc00` },
    'field "name": expected valid Unicode, got a lone surrogate',
  ],
  [
    { labels: { "\ud800": "" } },
    'field "labels["\\ud800"]": expected valid Unicode, got a lone surrogate',
  ],
  [{ raw: "AA==" }, 'field "raw": expected bytes, got "AA=="'],
  [{ raw: [256] }, 'field "raw": expected bytes, got an array'],
  [
    { state: "ACTIVE" },
    'field "state": expected a number of enum transcoding.v1.State, got "ACTIVE"',
  ],
  [
    { state: "length" },
    'field "state": expected a number of enum transcoding.v1.State, got "length"',
  ],
  [{ state: 1.5 }, 'field "state": expected an int32, got 1.5'],
  [{ tags: "ab" }, 'field "tags": expected a list, got "ab"'],
  [{ tags: new Set(["a"]) }, 'field "tags": expected a list, got an object'],
  [{ tags: ["a", undefined] }, 'field "tags[1]": expected a string, got nothing'],
  [{ nums: [1, null] }, 'field "nums[1]": expected an int32, got null'],
  [{ labels: ["a"] }, 'field "labels": expected a map, got an array'],
  [{ labels: { k: 5 } }, 'field "labels["k"]": expected a string, got 5'],
  [{ sub: "x" }, 'field "sub": expected message transcoding.v1.Sub, got "x"'],
  [{ sub: [] }, 'field "sub": expected message transcoding.v1.Sub, got an array'],
  [
    { sub: { $typeName: "transcoding.v1.R" } },
    'field "sub": expected message transcoding.v1.Sub, got message transcoding.v1.R',
  ],
  [{ subs: [{ deep: { num: true } }] }, 'field "subs[0].deep.num": expected an int32, got true'],
  [{ optN: "1" }, 'field "opt_n": expected an int32, got "1"'],
  [{ wI: {} }, 'field "w_i": expected an int32, got an object'],
  [
    { pick: { case: "pickC", value: 1 } },
    'field "pick": expected an object whose case is one of "pickA", "pickB", got "pickC"',
  ],
  [
    { pick: { case: "constructor", value: 1 } },
    'field "pick": expected an object whose case is one of "pickA", "pickB", got "constructor"',
  ],
  [
    { pick: "a" },
    'field "pick": expected an object whose case is one of "pickA", "pickB", got "a"',
  ],
  [{ pick: { case: "pickB", value: "1" } }, 'field "pick_b": expected an int32, got "1"'],
  [{ st: { a: { b: undefined } } }, 'field "st["a"]["b"]": expected a JSON value, got nothing'],
  [{ st: { when: new Date(0) } }, 'field "st["when"]": expected a JSON value, got an object'],
  [{ st: { a: 1n } }, 'field "st["a"]": expected a JSON value, got 1n'],
];

/** As above, of what only JSON has no form for. */
const JSON_WRITE_REFUSALS: readonly [Record<string, unknown>, string][] = [
  [
    { ts: { seconds: 253402300800n } },
    'field "ts": expected a timestamp from 0001-01-01T00:00:00Z to 9999-12-31T23:59:59Z, got 253402300800 s',
  ],
  [{ ts: { nanos: -1 } }, 'field "ts": expected nanos from 0 to 999999999, got -1'],
  [{ ts: { nanos: 1e9 } }, 'field "ts": expected nanos from 0 to 999999999, got 1000000000'],
  [{ ts: new Date(NaN).toJSON }, 'field "ts": expected a Timestamp, got a function'],
  [
    { dur: { seconds: 315576000001n } },
    'field "dur": expected a duration within ±315576000000 s, got 315576000001 s',
  ],
  [{ dur: { seconds: 1n, nanos: -1 } }, 'field "dur": expected seconds and nanos of the same sign'],
  [{ mask: { paths: ["aB"] } }, 'field "mask": expected a path in lower_snake_case, got "aB"'],
  [{ val: {} }, 'field "val": expected a kind to be set, as a Value without one has no JSON form'],
  [
    { val: { kind: { case: "numberValue", value: NaN } } },
    'field "val": expected a finite number, got NaN',
  ],
  [{ st: { a: NaN } }, 'field "st["a"]": expected a finite number, got NaN'],
];

describe.for([
  ["compiled", compile],
  ["interpreted", interpret],
] as const)("%s codecs", ([, engine]) => {
  const codecs = createCodecsWith({ registry }, engine);
  const r = codecs.message(message("transcoding.v1.R"));

  test.for(JSON_REFUSALS)("refuse to read %s from %j", ([type, json, expected]) => {
    const codec = codecs.message(message(`transcoding.v1.${type}`));
    expect(messageOf(() => codec.fromJson(json))).toBe(expected);
  });

  test.for(BINARY_REFUSALS)("refuse %s in binary", ([, bytes, expected]) => {
    expect(messageOf(() => r.fromBinary(Uint8Array.from(bytes)))).toBe(expected);
  });

  test.for(WRITE_REFUSALS)("refuse to write %o", ([init, expected]) => {
    expect(messageOf(() => r.toJsonString(init))).toBe(expected);
    expect(messageOf(() => r.toBinary(init))).toBe(expected);
  });

  test.for(JSON_WRITE_REFUSALS)("refuse to write %o as JSON", ([init, expected]) => {
    expect(messageOf(() => r.toJsonString(init))).toBe(expected);
  });

  test.for([undefined, null, 5, "x", [], { $typeName: "transcoding.v1.Sub" }])(
    "refuse %o for a message",
    (value) => {
      expect(messageOf(() => r.toJsonString(value as never))).toMatch(
        /^expected message transcoding\.v1\.R, got /,
      );
      expect(messageOf(() => r.toBinary(value as never))).toMatch(
        /^expected message transcoding\.v1\.R, got /,
      );
    },
  );

  test("refuse unknown fields where they are not ignored", () => {
    const strict = createCodecsWith({ ignoreUnknown: false }, engine).message(
      message("transcoding.v1.R"),
    );
    expect(messageOf(() => strict.fromJson({ sub: { nope: 1 } }))).toBe(
      'field "sub": message transcoding.v1.Sub has no field "nope"',
    );
    expect(messageOf(() => strict.fromJson(JSON.parse('{"__proto__":{}}') as JsonValue))).toBe(
      'message transcoding.v1.R has no field "__proto__"',
    );
  });

  test("refuse a missing required field, wherever it is", () => {
    const codec = codecs.message(message("legacy.v1.Required"));
    const init = { name: "a", next: {} };
    const expected = 'field "next.name": expected a value, as the field is required';
    expect(messageOf(() => codec.toJsonString(init))).toBe(expected);
    expect(messageOf(() => codec.toBinary(init))).toBe(expected);
  });

  test("refuse unknown values of a closed enum in JSON", () => {
    const codec = codecs.message(message("legacy.v1.Legacy"));
    expect(messageOf(() => codec.fromJson({ closed: 3 }))).toBe(
      'field "closed": expected a value of legacy.v1.Closed, got 3',
    );
  });

  test.for([
    [{ byInt32: { x: true } }, 'field "by_int32["x"]": expected an int32, got "x"'],
    [{ byInt32: { "1": true, "01": true } }, 'field "by_int32["01"]": the key is there twice'],
    [
      { byBool: { True: "" } },
      'field "by_bool["True"]": expected true or false as key, got "True"',
    ],
    [
      { byUint64: { "-1": 0 } },
      'field "by_uint64["-1"]": expected a uint64 (0 to 18446744073709551615), got -1',
    ],
    [{ messages: { a: { bool: 1 } } }, 'field "messages["a"].bool": expected a bool, got 1'],
  ] as const)("refuse to read a map from %j", ([json, expected]) => {
    const codec = codecs.message(message("hostile.v1.Maps"));
    expect(messageOf(() => codec.fromJson(json as JsonValue))).toBe(expected);
  });

  test.for([
    [{ byInt32: { x: true } }, 'field "by_int32["x"]": expected an int32, got "x"'],
    [{ byBool: { yes: "" } }, 'field "by_bool["yes"]": expected true or false as key, got "yes"'],
    [
      { messages: { a: null } },
      'field "messages["a"]": expected message hostile.v1.Scalars, got null',
    ],
  ])("refuse to write a map of %j", ([init, expected]) => {
    const codec = codecs.message(message("hostile.v1.Maps"));
    expect(messageOf(() => codec.toJsonString(init as never))).toBe(expected);
    expect(messageOf(() => codec.toBinary(init as never))).toBe(expected);
  });

  test("refuse to nest more than 100 messages", () => {
    const codec = codecs.message(message("hostile.v1.Tree"));
    const nest = (depth: number): JsonValue => (depth === 1 ? {} : { left: nest(depth - 1) });
    const deepest = codec.fromJson(nest(100));
    expect(codec.fromBinary(codec.toBinary(deepest as never))).toEqual(deepest);
    const tooDeep = /^field "left(\.left){99}": nested more than 100 messages deep$/;
    expect(messageOf(() => codec.fromJson(nest(101)))).toMatch(tooDeep);
    expect(messageOf(() => codec.toBinary(nest(101) as never))).toMatch(tooDeep);
    expect(messageOf(() => codec.toJsonString(nest(101) as never))).toMatch(tooDeep);
    const bytes = Array.from({ length: 101 }).reduce<number[]>(
      (inner) => [0x12, ...varint(inner.length), ...inner],
      [],
    );
    expect(messageOf(() => codec.fromBinary(Uint8Array.from(bytes)))).toMatch(tooDeep);
  });

  test("refuse a message that holds itself", () => {
    const codec = codecs.message(message("hostile.v1.Tree"));
    const tree: Record<string, unknown> = {};
    tree["children"] = [tree];
    expect(messageOf(() => codec.toJsonString(tree))).toContain("nested more than 100 messages");
    expect(messageOf(() => codec.toBinary(tree))).toContain("nested more than 100 messages");
  });

  test("refuse JSON values nested too deep for a Struct", () => {
    let value: JsonValue = 1;
    for (let i = 0; i < 5000; i++) value = [value];
    expect(messageOf(() => r.fromJson({ st: { a: value } }))).toContain("nested more than");
    expect(messageOf(() => r.fromJson({ val: value }))).toContain("nested more than");
    expect(messageOf(() => r.toJsonString({ st: { a: value } }))).toContain("nested more than");
    expect(messageOf(() => r.toBinary({ st: { a: value } }))).toContain("nested more than");
  });

  test.for([45, 48, 49, 50, 51])(
    "read what they write of a Struct %i levels deep, or refuse both",
    (n) => {
      let st: JsonValue = { a: 1 };
      for (let i = 1; i < n; i++) st = i % 2 === 0 ? { a: st } : { a: [st] };
      const bytes = attempt(() => r.toBinary({ st } as never));
      const reference = toBinary(r.desc, create(r.desc, { st } as never));
      const read = attempt(() => r.fromBinary(reference));
      const got = (read as { st?: JsonValue } | undefined)?.st;
      expect(got).toEqual(bytes === undefined ? undefined : st);
    },
  );

  test("show no more than an excerpt of a long value", () => {
    const text = messageOf(() => r.fromJson({ n: "9".repeat(1_000_000) }));
    expect(text.length).toBeLessThan(200);
  });

  test("keep errors of the caller's own code as they are", () => {
    const init = {
      get name(): string {
        throw new TypeError("my fault");
      },
    };
    expect(() => r.toJsonString(init)).toThrow(new TypeError("my fault"));
  });
});

function messageOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (!isCodecError(error)) throw error;
    return error.message;
  }
  throw new Error("expected a CodecError, but nothing was thrown");
}

function varint(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...varint(value >>> 7)];
}
