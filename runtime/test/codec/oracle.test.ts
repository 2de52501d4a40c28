import assert from "node:assert/strict";
import type { DescMessage, JsonValue, Message } from "@bufbuild/protobuf";
import { fromBinary, fromJson, toBinary, toJson } from "@bufbuild/protobuf";
import fc from "fast-check";
import { describe, test } from "vitest";
import { createCodecsWith } from "../../src/codec/codec.ts";
import { compile } from "../../src/codec/compiled.ts";
import { interpret } from "../../src/codec/interpreted.ts";
import { anyMessage } from "./arbitrary.ts";
import { compileProtos } from "./protos.ts";

const { message, registry } = compileProtos();
const TYPES = [
  "transcoding.v1.R",
  "hostile.v1.Scalars",
  "hostile.v1.Optionals",
  "hostile.v1.Lists",
  "hostile.v1.Maps",
  "hostile.v1.Names",
  "hostile.v1.Tree",
  "hostile.v1.Order",
  "hostile.v1.WellKnown",
  "legacy.v1.Legacy",
  "legacy.v1.Required",
  "edition.v1.Edition",
];
const ENGINES = [
  ["compiled", compile],
  ["interpreted", interpret],
] as const;
const RUNS = { numRuns: 40, interruptAfterTimeLimit: 5_000, endOnFailure: true };

describe.for(ENGINES)("%s codecs agree with @bufbuild/protobuf", ([, engine]) => {
  const sparse = createCodecsWith({ emitDefaults: false, registry }, engine);
  const full = createCodecsWith({ registry }, engine);

  test.for(TYPES)("on the bytes of %s", (name) => {
    const desc = message(name);
    const codec = sparse.message(desc);
    forAny(desc, (any) => {
      const bytes = toBinary(desc, any);
      assert.deepStrictEqual(codec.toBinary(any as never), bytes);
      assert.deepStrictEqual(codec.fromBinary(bytes), fromBinary(desc, bytes));
    });
  });

  test.for(TYPES)("on the JSON of %s", (name) => {
    const desc = message(name);
    const codec = sparse.message(desc);
    forAny(desc, (any) => {
      const json = toJson(desc, any, { registry });
      assert.deepStrictEqual(JSON.parse(codec.toJsonString(any as never)), json);
      assert.deepStrictEqual(codec.fromJson(json), fromJson(desc, json, { registry }));
    });
  });

  test.for(TYPES)("on the JSON of %s with defaults, but for unset messages", (name) => {
    const desc = message(name);
    const codec = full.message(desc);
    forAny(desc, (any) => {
      const json = toJson(desc, any, { registry, alwaysEmitImplicit: true });
      const ours = JSON.parse(codec.toJsonString(any as never)) as JsonValue;
      assert.deepStrictEqual(withoutNulls(ours), withoutNulls(json));
      assert.deepStrictEqual(codec.fromJson(ours), codec.fromJson(json));
    });
  });

  test.for(TYPES)("on %s in proto names and with numbers for enums", (name) => {
    const desc = message(name);
    const options = { protoNames: true, enumAsNumber: true, emitDefaults: false, registry };
    const codec = createCodecsWith(options, engine).message(desc);
    forAny(desc, (any) => {
      const json = toJson(desc, any, { registry, useProtoFieldName: true, enumAsInteger: true });
      assert.deepStrictEqual(JSON.parse(codec.toJsonString(any as never)), json);
      assert.deepStrictEqual(codec.fromJson(json), fromJson(desc, json, { registry }));
    });
  });
});

// node:assert and not expect, which takes a map's key "constructor" for the class of the map
function forAny(desc: DescMessage, check: (message: Message) => void): void {
  fc.assert(fc.property(anyMessage(desc), check), RUNS);
}

/** Where nulls stand for unset messages, only the rest can be compared. */
function withoutNulls(json: JsonValue): JsonValue {
  if (Array.isArray(json)) return json.map(withoutNulls);
  if (typeof json !== "object" || json === null) return json;
  const entries = Object.entries(json).filter(([, value]) => value !== null);
  return Object.fromEntries(entries.map(([key, value]) => [key, withoutNulls(value)]));
}
