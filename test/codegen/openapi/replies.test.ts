import { create, createRegistry, type MessageInitShape } from "@bufbuild/protobuf";
import { anyPack, EmptySchema } from "@bufbuild/protobuf/wkt";
import { Ajv2020 } from "ajv/dist/2020.js";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { compileCodec } from "@kratos-ts/runtime/codec";
import { ThingSchema, View } from "../../../fixtures/golden/openapi/want/api/shop/v1/shop_pb.ts";

const file = join(
  import.meta.dirname,
  "../../../fixtures/golden/openapi/want/api/shop/v1/shop_openapi.yaml",
);

/** What the document says of a message, as a validator. */
function schemaOf(name: string): (value: unknown) => string[] {
  const ajv = new Ajv2020({ strict: false, validateFormats: false });
  ajv.addSchema(parse(readFileSync(file, "utf8")) as object, "document");
  const validate = ajv.getSchema(`document#/components/schemas/${name}`);
  if (validate === undefined) throw new Error(`no schema "${name}"`);
  return (value) => {
    void validate(value);
    return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
  };
}

const full: MessageInitShape<typeof ThingSchema> = {
  name: "a",
  price: { currency: "EUR", units: -5n },
  big: -(2n ** 63n),
  bigger: 2n ** 64n - 1n,
  weight: 1.5,
  picture: new Uint8Array([1, 2, 255]),
  view: View.NO,
  madeAt: { seconds: 1n, nanos: 5 },
  lasts: { seconds: -3n, nanos: -500_000_000 },
  mask: { paths: ["made_at", "price.units"] },
  extra: { a: [1, null, { b: true }] },
  anything: { kind: { case: "numberValue", value: 3 } },
  list: { values: [{ kind: { case: "stringValue", value: "x" } }] },
  any: anyPack(EmptySchema, create(EmptySchema)),
  nickname: "",
  maybe: 7n,
  nothing: {},
  numbers: [1n, -2n],
  prices: { a: { units: 1n } },
  byNumber: { [-3]: "x" },
  byFlag: { true: View.VIEW_BASIC, false: View.NO },
  note: "",
  owner: { case: "deposit", value: { units: 4n } },
  tree: { label: "leaf", parent: { label: "root" } },
  color: "red",
};

describe("what servers write is what the document says", () => {
  const validate = schemaOf("shop.v1.Thing");

  test.for<[what: string, init: MessageInitShape<typeof ThingSchema>, emitDefaults: boolean]>([
    ["of a message with all fields", full, true],
    ["of one with all fields, without defaults", { ...full, title: "t" }, false],
    ["of an empty message", { color: "red" }, true],
    ["of the other member of an oneof", { ...full, owner: { case: "person", value: "" } }, true],
  ])("%s", ([, init, emitDefaults]) => {
    const registry = createRegistry(EmptySchema);
    const codec = compileCodec(ThingSchema, { emitDefaults, registry });

    expect(validate(JSON.parse(codec.toJsonString(init)))).toEqual([]);
  });

  test.for<[member: string, value: unknown]>([
    ["big", 5],
    ["big", "five"],
    ["view", 2],
    ["prices", { a: 1 }],
    ["byNumber", { x: "" }],
    ["deposit", "both"],
    ["title", undefined],
    ["madeAt", 5],
  ])("and nothing else: %s as %j", ([member, value]) => {
    expect(validate({ title: "t", person: "p", [member]: value })).not.toEqual([]);
    expect(validate({ title: "t", person: "p" })).toEqual([]);
  });
});
