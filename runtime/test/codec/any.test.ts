import type { JsonValue } from "@bufbuild/protobuf";
import { create } from "@bufbuild/protobuf";
import { anyPack, AnySchema, DurationSchema } from "@bufbuild/protobuf/wkt";
import { CodecError, compileCodec, createCodecs } from "@kratos-ts/runtime/codec";
import { describe, expect, test } from "vitest";
import { compileProtos } from "./protos.ts";

const { message, registry } = compileProtos();
const R = message("transcoding.v1.R");
const SUB = message("transcoding.v1.Sub");

describe("Any", () => {
  const codecs = createCodecs({ registry, emitDefaults: false });
  const withTypes = codecs.message(R);

  test("shows a registered type's own JSON", () => {
    const any = anyPack(SUB, create(SUB, { num: 5 }));
    const text = '{"any":{"@type":"type.googleapis.com/transcoding.v1.Sub","num":5}}';
    expect(withTypes.toJsonString({ any })).toBe(text);
    expect(withTypes.fromJsonString(text)).toEqual(create(R, { any }));
  });

  test("shows a well-known type as a value", () => {
    const any = anyPack(DurationSchema, create(DurationSchema, { seconds: 3n }));
    const text = '{"any":{"@type":"type.googleapis.com/google.protobuf.Duration","value":"3s"}}';
    expect(withTypes.toJsonString({ any })).toBe(text);
    expect(withTypes.fromJsonString(text)).toEqual(create(R, { any }));
  });

  test("keeps the bytes of an unknown type", () => {
    const any = create(AnySchema, { typeUrl: "x/no.Such", value: Uint8Array.of(1, 2) });
    const text = '{"any":{"@type":"x/no.Such","value":"AQI="}}';
    expect(withTypes.toJsonString({ any })).toBe(text);
    expect(withTypes.fromJsonString(text)).toEqual(create(R, { any }));
  });

  test("holds no more memory than its bytes", () => {
    const text = '{"any":{"@type":"x/transcoding.v1.Sub","num":5}}';
    const { any } = withTypes.fromJsonString(text) as unknown as { any: { value: Uint8Array } };
    expect(any.value.buffer.byteLength).toBe(2);
  });

  test("is an empty object when it is empty", () => {
    expect(withTypes.toJsonString({ any: {} })).toBe('{"any":{}}');
    expect(withTypes.fromJson({ any: {} })).toEqual(create(R, { any: {} }));
  });
});

describe("extensions", () => {
  const legacy = message("legacy.v1.Legacy");

  test("are read and written where a registry knows them", () => {
    const withTypes = compileCodec(legacy, { registry, emitDefaults: false });
    const text = '{"number":1,"[legacy.v1.ext_text]":"hi","[legacy.v1.ext_numbers]":[1,2]}';
    const value = withTypes.fromJsonString(text);
    expect(JSON.parse(withTypes.toJsonString(value as never))).toEqual(JSON.parse(text));
    const again = withTypes.fromBinary(withTypes.toBinary(value as never));
    expect(JSON.parse(withTypes.toJsonString(again as never))).toEqual(JSON.parse(text));
  });

  test("are skipped in JSON and kept in binary without one", () => {
    const without = compileCodec(legacy, { emitDefaults: false });
    const bytes = compileCodec(legacy, { registry }).toBinary(
      compileCodec(legacy, { registry }).fromJson({ "[legacy.v1.ext_text]": "hi" }) as never,
    );
    const value = without.fromBinary(bytes);
    expect(without.toJsonString(value as never)).toBe("{}");
    expect(without.toBinary(value as never)).toEqual(bytes);
  });

  const withTypes = createCodecs({ registry, ignoreUnknown: false }).message(legacy);

  test("are written as the options say", () => {
    const codecs = createCodecs({ registry, emitDefaults: false });
    const value = codecs.message(legacy).fromJson({ "[legacy.v1.ext_message]": { long: "5" } });
    const asNumbers = codecs.with({ int64AsNumber: true }).message(legacy);
    expect(asNumbers.toJsonString(value as never)).toBe('{"[legacy.v1.ext_message]":{"long":5}}');
  });

  test("are left unset by null", () => {
    expect(withTypes.fromJson({ "[legacy.v1.ext_text]": null })).toEqual(create(legacy));
  });

  test.for<[JsonValue, string]>([
    [{ "[legacy.v1.ext_text]": 5 }, 'field "[legacy.v1.ext_text]": expected a string, got 5'],
    [
      { "[legacy.v1.ext_message]": { nested: { number: "x" } } },
      'field "[legacy.v1.ext_message].nested.number": expected an int32, got "x"',
    ],
    [{ "[no.such]": 5 }, 'message legacy.v1.Legacy has no field "[no.such]"'],
  ])("are refused as fields are: %j", ([json, expected]) => {
    expect(() => withTypes.fromJson(json)).toThrow(expected);
  });

  test("that are malformed in binary are a CodecError once they are looked at", () => {
    const value = withTypes.fromBinary(Uint8Array.of(0xb2, 6, 2, 0x0a, 9)); // ext_message
    expect(() => withTypes.toJsonString(value as never)).toThrow(CodecError);
  });
});
