import type { JsonValue } from "@bufbuild/protobuf";
import { create } from "@bufbuild/protobuf";
import { compileCodec, createCodecs } from "@kratos-ts/runtime/codec";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { attempt } from "./attempt.ts";
import { compileProtos } from "./protos.ts";

const { message } = compileProtos();
const R = message("transcoding.v1.R");
const codec = compileCodec(R);

/** A message without its type's name. */
function plain(value: unknown): unknown {
  if (typeof value !== "object" || value === null || !("$typeName" in value)) return value;
  const { $typeName: _, ...members } = value;
  return members;
}

function read(json: JsonValue): Record<string, unknown> {
  return codec.fromJson(json) as unknown as Record<string, unknown>;
}

describe("JSON with defaults", () => {
  test("is the whole message, null for messages, without what is optional or in a oneof", () => {
    expect(codec.toJsonString({})).toBe(
      '{"id":"","name":"","n":0,"big":"0","u":0,"b":false,"d":0,"raw":"",' +
        '"state":"STATE_UNSPECIFIED","sub":null,"tags":[],"nums":[],"states":[],"subs":[],' +
        '"labels":{},"ts":null,"dur":null,"mask":null,"wI":null,"wS":null,"wL":null,"st":null,' +
        '"any":null,"displayName":"","book":null,"nothing":null}',
    );
  });

  test("reads back as it was", () => {
    expect(codec.fromJsonString(codec.toJsonString({}))).toEqual(create(R));
    expect(codec.fromJsonString(codec.toJsonString({ optN: 0, wI: 0, wS: "" }))).toEqual(
      create(R, { optN: 0, wI: 0, wS: "" }),
    );
  });

  test.for([
    [{ optN: 0 }, '"optN":0'],
    [{ pick: { case: "pickB", value: 0 } }, '"pickB":0'],
    [{ pick: { case: "pickB" } }, '"pickB":0'],
    [{ pick: { case: "pickA", value: undefined } }, '"pickA":""'],
    [{ wL: 0n }, '"wL":"0"'],
    [{ nothing: {} }, '"nothing":{}'],
    [{ big: 5 }, '"big":"5"'],
    [{ big: "-7" }, '"big":"-7"'],
    [{ raw: [251, 255] }, '"raw":"+/8="'],
    [{ d: NaN }, '"d":"NaN"'],
    [{ d: -Infinity }, '"d":"-Infinity"'],
    [{ d: -0 }, '"d":-0'],
    [{ d: 1e21 }, '"d":1e+21'],
    [{ n: -0 }, '"n":0'],
    [{ state: 99 }, '"state":99'],
    [{ name: 'a"\\\n\u0000\u2028é😀' }, '"name":"a\\"\\\\\\n\\u0000\u2028é😀"'],
    [{ name: `${"long ".repeat(20)}"` }, `"name":"${"long ".repeat(20)}\\""`],
    [{ ts: { seconds: -62135596800n } }, '"ts":"0001-01-01T00:00:00Z"'],
    [
      { ts: { seconds: 253402300799n, nanos: 999_999_999 } },
      '"ts":"9999-12-31T23:59:59.999999999Z"',
    ],
    [{ ts: { seconds: 951_782_400n, nanos: 120_000_000 } }, '"ts":"2000-02-29T00:00:00.120Z"'],
    [{ dur: { nanos: -1_000 } }, '"dur":"-0.000001s"'],
    [{ mask: { paths: ["display_name", "sub.num"] } }, '"mask":"displayName,sub.num"'],
    [{ st: { a: [1, null, { b: "c" }] } }, '"st":{"a":[1,null,{"b":"c"}]}'],
    [{ val: { kind: { case: "nullValue", value: 0 } } }, '"val":null'],
    [{ labels: { "\u0001": "x" } }, '"labels":{"\\u0001":"x"}'],
  ] as const)("of %o holds %s", ([init, part]) => {
    const text = codec.toJsonString(init as never);
    expect(text).toContain(part);
    expect(() => JSON.parse(text) as unknown).not.toThrow();
  });

  test("takes null for unset, wherever create() does", () => {
    expect(
      codec.toJsonString({ id: null, sub: null, tags: null, pick: null, wI: null } as never),
    ).toBe(codec.toJsonString({}));
    expect(
      codec.toBinary({ id: null, sub: null, tags: null, pick: null, wI: null } as never),
    ).toEqual(new Uint8Array(0));
  });
});

describe("JSON options", () => {
  test("leave unset fields out", () => {
    const sparse = compileCodec(R, { emitDefaults: false });
    expect(sparse.toJsonString({})).toBe("{}");
    expect(sparse.toJsonString({ n: 0, sub: {}, tags: [], optN: 0 })).toBe('{"sub":{},"optN":0}');
  });

  test("write proto names, enum numbers and 64-bit numbers", () => {
    const other = compileCodec(R, {
      protoNames: true,
      enumAsNumber: true,
      int64AsNumber: true,
      emitDefaults: false,
    });
    expect(
      other.toJsonString({
        displayName: "x",
        state: 1,
        states: [1, 2],
        big: 2n ** 63n - 1n,
        wL: 5n,
      }),
    ).toBe('{"big":9223372036854775807,"state":1,"states":[1,2],"w_l":5,"display_name":"x"}');
  });
});

describe("reading JSON", () => {
  test.for<[JsonValue, string, unknown]>([
    [{ display_name: "a" }, "displayName", "a"],
    [{ displayName: "a" }, "displayName", "a"],
    [{ n: 1.0 }, "n", 1],
    [{ n: "5" }, "n", 5],
    [{ n: "5.0" }, "n", 5],
    [{ n: "1e2" }, "n", 100],
    [{ n: "-12.50e1" }, "n", -125],
    [{ n: "010" }, "n", 10],
    [{ n: null }, "n", 0],
    [{ big: "9007199254740993" }, "big", 9007199254740993n],
    [{ big: 9007199254740991 }, "big", 9007199254740991n],
    [{ big: "-9223372036854775808" }, "big", -(2n ** 63n)],
    [{ big: "1e3" }, "big", 1000n],
    [{ d: "NaN" }, "d", NaN],
    [{ d: "1e3" }, "d", 1000],
    [{ raw: "-_8" }, "raw", Uint8Array.of(0xfb, 0xff)],
    [{ raw: "+/8=" }, "raw", Uint8Array.of(0xfb, 0xff)],
    [{ raw: "+/\n8=" }, "raw", Uint8Array.of(0xfb, 0xff)],
    [{ state: 1 }, "state", 1],
    [{ state: 99 }, "state", 99],
    [{ state: "ACTIVE" }, "state", 1],
    [{ pickA: null, pickB: 0 }, "pick", { case: "pickB", value: 0 }],
    [{ optN: 0 }, "optN", 0],
    [{ optN: null }, "optN", undefined],
    [{ book: null }, "book", undefined],
    [{ wI: null }, "wI", undefined],
    [{ wL: "9007199254740993" }, "wL", 9007199254740993n],
    [{ mask: "displayName,sub.num" }, "mask", { paths: ["display_name", "sub.num"] }],
    [{ ts: "2026-01-01T08:00:00.1+08:00" }, "ts", { seconds: 1767225600n, nanos: 100_000_000 }],
    [{ dur: "-1.5s" }, "dur", { seconds: -1n, nanos: -500_000_000 }],
    [{ dur: "-0.5s" }, "dur", { seconds: 0n, nanos: -500_000_000 }],
    [{ st: { a: 1 } }, "st", { a: 1 }],
    [{ val: null }, "val", { kind: { case: "nullValue", value: 0 } }],
  ])("%j sets %s to %o", ([json, name, expected]) => {
    expect(plain(read(json)[name])).toEqual(expected);
  });

  test("skips unknown fields", () => {
    expect(codec.fromJson({ unknown: 1, sub: { nope: [] } })).toEqual(create(R, { sub: {} }));
  });

  test("touches no prototype", () => {
    const hostile =
      '{"__proto__":{"x":1},"constructor":{"x":1},"labels":{"__proto__":"own"},"st":{"__proto__":{"x":1}}}';
    const value = codec.fromJsonString(hostile) as unknown as { labels: object; st: object };
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
    expect(Object.getPrototypeOf(value.labels)).toBe(Object.prototype);
    expect(Object.getOwnPropertyDescriptor(value.labels, "__proto__")?.value).toBe("own");
    expect(Object.hasOwn(value.st, "__proto__")).toBe(true);
    expect(({} as { x?: unknown }).x).toBeUndefined();
    const text = codec.toJsonString(value as never);
    expect(text).toContain('"labels":{"__proto__":"own"}');
    expect(text).toContain('"st":{"__proto__":{"x":1}}');
    expect(codec.fromBinary(codec.toBinary(value as never))).toEqual(value);
  });

  test("finds fields named after members of Object.prototype only where they are", () => {
    const names = compileCodec(message("hostile.v1.Names"));
    expect(names.fromJson({})).toEqual(create(message("hostile.v1.Names")));
    expect(
      names.fromJson({ constructor: "a", toString: "b", hasOwnProperty: "c" } as never),
    ).toEqual(
      create(message("hostile.v1.Names"), {
        constructor$: "a",
        toString$: "b",
        hasOwnProperty: "c",
        toLocaleString: "", // create() would take the function for it
      }),
    );
    expect(JSON.parse(names.toJsonString({}))).toMatchObject({
      hasOwnProperty: "",
      constructor: "",
    });
    const prototype = compileCodec(message("hostile.v1.Prototype"), { protoNames: true });
    const json = '{"__proto__":"x","map":{"__proto__":{"__proto__":"y","map":{}}}}';
    expect(prototype.toJsonString(prototype.fromJsonString(json) as never)).toBe(json);
  });

  test("takes a name for the JSON name of a field before it takes it for a proto name", () => {
    const swapped = compileCodec(message("hostile.v1.Swapped"));
    const text = '{"two":"first","one":"second"}';
    expect(swapped.fromJsonString(text)).toMatchObject({ one: "first", two: "second" });
    expect(swapped.toJsonString(swapped.fromJsonString(text) as never)).toBe(text);
  });

  test("takes the last of duplicate keys, as JSON.parse does", () => {
    expect(codec.fromJsonString('{"n":1,"n":2}')).toEqual(create(R, { n: 2 }));
  });
});

test("a float is written in the fewest digits that read back as the same float", () => {
  const scalars = compileCodec(message("hostile.v1.Scalars"), { emitDefaults: false });
  const floatOf = (text: string) => (JSON.parse(text) as { float?: number }).float ?? 0;
  expect(scalars.toJsonString({ float: Math.fround(0.1) })).toBe('{"float":0.1}');
  expect(scalars.toJsonString({ float: Math.fround(19.99) })).toBe('{"float":19.99}');
  fc.assert(
    fc.property(fc.float({ noNaN: true, noDefaultInfinity: true }), (value) => {
      const written = floatOf(scalars.toJsonString({ float: value }));
      expect(Math.fround(written)).toBe(value);
      expect(String(written).length).toBeLessThanOrEqual(String(value).length);
    }),
  );
  expect(scalars.fromJson({ float: 3.4028235e38 })).toMatchObject({ float: 3.4028234663852886e38 });
});

describe("codecs", () => {
  const codecs = createCodecs({ emitDefaults: false });

  test("are the same for the same type", () => {
    expect(codecs.message(R)).toBe(codecs.message(R));
  });

  test("with other options keep those that are not given", () => {
    const other = codecs.with({ protoNames: true });
    expect(other.message(R).toJsonString({ displayName: "a" })).toBe('{"display_name":"a"}');
    expect(codecs.message(R).toJsonString({ displayName: "a" })).toBe('{"displayName":"a"}');
  });

  test("with the same options are the same ones, by whatever way", () => {
    expect(codecs.with({})).toBe(codecs);
    expect(codecs.with({ protoNames: true })).toBe(codecs.with({ protoNames: true }));
    expect(codecs.with({ protoNames: true }).with({ protoNames: false })).toBe(codecs);
  });
});

test("any JSON is read as what can be written, or refused with a CodecError", () => {
  const names = R.fields.flatMap((each) => [each.name, each.jsonName]);
  const json = fc.dictionary(fc.constantFrom(...(names as [string])), fc.jsonValue());
  const isRight = (value: object) => {
    const ours = attempt(() => codec.fromJson(value as JsonValue));
    return ours === undefined || codec.toJsonString(ours as never).startsWith("{");
  };
  expect(() => fc.assert(fc.property(json, isRight), { numRuns: 1000 })).not.toThrow();
});
