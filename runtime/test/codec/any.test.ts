import { create } from "@bufbuild/protobuf";
import { anyPack, AnySchema, DurationSchema } from "@bufbuild/protobuf/wkt";
import { compileCodec, createCodecs } from "@kratos-ts/runtime/codec";
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
});
