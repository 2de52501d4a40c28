import { isDeepStrictEqual } from "node:util";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { BytesValueSchema } from "@bufbuild/protobuf/wkt";
import { compileCodec, createCodecs } from "@kratos-ts/runtime/codec";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { attempt } from "./attempt.ts";
import { compileProtos } from "./protos.ts";

const R = compileProtos().message("transcoding.v1.R");
const codec = compileCodec(R);

describe("binary", () => {
  test("leaves headroom, zeroed", () => {
    const body = codec.toBinary({ id: "a" });
    for (let i = 0; i < 3; i++) {
      expect(codec.toBinary({ id: "a" }, 5)).toEqual(Uint8Array.of(0, 0, 0, 0, 0, ...body));
    }
    expect(codec.toBinary({}, 5)).toEqual(new Uint8Array(5));
  });

  test("never touches what it returned before", () => {
    const first = codec.toBinary({ id: "first" });
    const copy = first.slice();
    for (let i = 0; i < 5000; i++) codec.toBinary({ id: `other ${i}` });
    expect(first).toEqual(copy);
  });

  test("writes over what it returned last once it may, and over nothing else", () => {
    const codecs = createCodecs();
    const { toBinary } = codecs.message(R);
    const [first, second] = [toBinary({ id: "first" }), toBinary({ id: "other" })];
    const [firstCopy, secondCopy] = [first.slice(), second.slice()];
    codecs.reuse(first);
    const third = toBinary({ id: "third" });
    expect([first, second]).toEqual([firstCopy, secondCopy]);
    codecs.reuse(third);
    codecs.reuse(third);
    const fourth = toBinary({ id: "forth" });
    expect([fourth.buffer, fourth.byteOffset]).toEqual([third.buffer, third.byteOffset]);
    expect(third).toEqual(fourth);
    expect([first, second]).toEqual([firstCopy, secondCopy]);
  });

  test("writes over large messages, too, and keeps none that is too large", () => {
    const codecs = createCodecs();
    const { toBinary } = codecs.message(R);
    const write = (size: number): ArrayBufferLike => {
      const bytes = toBinary({ id: "x".repeat(size) });
      codecs.reuse(bytes);
      return bytes.buffer;
    };
    const large = write(40_000);
    expect(write(10)).toBe(large);
    expect(write(40_000)).toBe(large);
    const tooLarge = write(1_000_000);
    expect(write(10)).not.toBe(tooLarge);
  });

  test("writes over large messages that others have followed, each once", () => {
    const codecs = createCodecs();
    const { toBinary } = codecs.message(R);
    const write = (fill: string): Uint8Array => toBinary({ id: fill.repeat(40_000) });
    const [first, second, third] = [write("a"), write("b"), write("c")];
    const copies = [second.slice(), third.slice()];
    codecs.reuse(first);
    codecs.reuse(first);
    expect(write("d").buffer).toBe(first.buffer);
    const [fifth, small] = [write("e"), toBinary({ id: "small" })];
    expect([second, third]).toEqual(copies);
    expect(new Set([first, second, third, fifth, small].map(({ buffer }) => buffer)).size).toBe(5);
  });

  test("takes little more memory for a large message than it has bytes", () => {
    const bytes = compileCodec(BytesValueSchema).toBinary({ value: new Uint8Array(100_000) });
    expect(bytes.buffer.byteLength).toBeLessThan(102_000);
  });

  test("reads a part of its input", () => {
    const body = codec.toBinary({ id: "part", n: 7 });
    const framed = Uint8Array.of(9, 9, ...body, 9);
    expect(codec.fromBinary(framed, 2, 2 + body.length)).toEqual(create(R, { id: "part", n: 7 }));
    expect(() => codec.fromBinary(framed, 0, 99)).toThrow(RangeError);
  });

  test.for([1, 127, 128, 16_383, 16_384, 2_097_152, 5_000_000])(
    "carries %i bytes, as text and nested",
    (size) => {
      const init = { name: "x".repeat(size), sub: { subfield: "é".repeat(size >> 1) }, n: 1 };
      const bytes = codec.toBinary(init);
      expect(Buffer.compare(bytes, toBinary(R, create(R, init)))).toBe(0);
      expect(codec.fromBinary(bytes)).toEqual(create(R, init));
    },
  );

  test("serves a getter that encodes in turn", () => {
    const init = {
      get name() {
        return Buffer.from(codec.toBinary({ id: "inner" })).toString("hex");
      },
    };
    expect(codec.fromBinary(codec.toBinary(init))).toEqual(create(R, { name: "0a05696e6e6572" }));
  });

  test("works on after an error half way", () => {
    expect(() => codec.toBinary({ id: "a", tags: [5] } as never)).toThrow("tags[0]");
    expect(codec.fromBinary(codec.toBinary({ id: "b" }))).toEqual(create(R, { id: "b" }));
  });

  test("keeps unknown fields, and fields of another wire type than declared", () => {
    const bytes = Uint8Array.from(
      [
        [0x18, 5], // n
        [0x1a, 1, 0x61], // n as text
        [0xf8, 0x7d, 1], // field 2015
        [0xf3, 0x7d, 0x08, 1, 0xf4, 0x7d], // a group
      ].flat(),
    );
    const value = codec.fromBinary(bytes);
    expect(value.$unknown?.map(({ no, wireType }) => [no, wireType])).toEqual([
      [3, 2],
      [2015, 0],
      [2014, 3],
    ]);
    expect(codec.toBinary(value as never)).toEqual(bytes);
  });

  test("accepts repeated numbers packed, unpacked and mixed", () => {
    const mixed = Uint8Array.of(0x60, 1, 0x62, 2, 2, 3, 0x60, 4);
    expect(codec.fromBinary(mixed)).toEqual(create(R, { nums: [1, 2, 3, 4] }));
  });

  test("merges a message that comes in parts", () => {
    const parts = Uint8Array.of(
      ...toBinary(R, create(R, { sub: { num: 1, tags: ["a"] }, wI: 5 })),
      ...toBinary(R, create(R, { sub: { subfield: "s", tags: ["b"] } })),
    );
    expect(codec.fromBinary(parts)).toEqual(
      create(R, { sub: { num: 1, subfield: "s", tags: ["a", "b"] }, wI: 5 }),
    );
  });

  test("merges the parts of a Struct, the later of equal keys last", () => {
    const parts = [{ a: 1, b: [1] }, { b: [2], c: { d: null } }, {}];
    const bytes = parts.flatMap((st) => [...toBinary(R, create(R, { st }))]);
    expect(codec.fromBinary(Uint8Array.from(bytes))).toEqual(
      create(R, { st: { a: 1, b: [2], c: { d: null } } }),
    );
  });

  test("takes an entry of a map without value for an empty one, a Struct as a plain object", () => {
    const structs = compileCodec(compileProtos().message("hostile.v1.WellKnown"));
    const read = structs.fromBinary(Uint8Array.of(0xe2, 2, 3, 0x0a, 1, 0x61)); // struct_by
    expect(read).toMatchObject({ structBy: { a: {} } });
    expect(structs.toJsonString(read as never)).toContain('"structBy":{"a":{}}');
  });

  test("keeps a byte order mark in text", () => {
    expect(codec.fromBinary(codec.toBinary({ name: "\ufeffa" }))).toEqual(
      create(R, { name: "\ufeffa" }),
    );
  });

  test("answers any bytes with a message or a CodecError, and with what the reference says", () => {
    const isRight = (bytes: Uint8Array) => {
      const ours = attempt(() => codec.fromBinary(bytes));
      // the reference reads fields of a wrong wire type, ours keeps them as unknown
      if (ours === undefined || ours.$unknown !== undefined) return true;
      return isDeepStrictEqual(ours, fromBinary(R, bytes));
    };
    const check = () =>
      fc.assert(fc.property(fc.uint8Array({ maxLength: 40 }), isRight), { numRuns: 2000 });
    expect(check).not.toThrow();
  });
});
