import assert from "node:assert/strict";
import type { DescMessage, JsonValue, Message, Registry } from "@bufbuild/protobuf";
import { fromBinary, fromJson, toBinary } from "@bufbuild/protobuf";
import type { Codecs, JsonOptions } from "@kratos-ts/runtime/codec";
import { createCodecsWith } from "../../src/codec/codec.ts";
import { compile } from "../../src/codec/compiled.ts";
import { interpret } from "../../src/codec/interpreted.ts";
import { attempt } from "./attempt.ts";
import { expectedJson, withoutProto } from "./reference.ts";

const OPTIONS: readonly Partial<JsonOptions>[] = [
  {},
  { emitDefaults: false },
  { emitDefaults: false, protoNames: true, enumAsNumber: true, int64AsNumber: true },
];

/** Both engines, with every set of options that is tested, for the types of one registry. */
export interface Candidates {
  readonly registry: Registry;
  /** See {@link hasAmbiguousNames}, of any of the types. */
  readonly isAmbiguous: boolean;
  readonly codecs: readonly { readonly options: Partial<JsonOptions>; readonly codecs: Codecs }[];
}

/** Codecs to be compared with the reference. */
export function createCandidates(registry: Registry): Candidates {
  const codecs = OPTIONS.flatMap((each) =>
    [compile, interpret].map((engine) => {
      const options = { ...each, registry };
      return { options, codecs: createCodecsWith(options, engine) };
    }),
  );
  const isAmbiguous = [...registry].some(
    (each) => each.kind === "message" && hasAmbiguousNames(each),
  );
  return { registry, isAmbiguous, codecs };
}

/** Throws unless our codecs and the reference do the same with a message, in binary and in JSON. */
export function checkAgreement(
  { registry, isAmbiguous, codecs }: Candidates,
  desc: DescMessage,
  message: Message,
): void {
  const bytes = reference(() => toBinary(desc, message));
  for (const each of codecs) {
    const codec = each.codecs.message(desc);
    assert.deepStrictEqual(
      attempt(() => codec.toBinary(message as never)),
      bytes,
    );
    if (bytes !== undefined) {
      assert.deepStrictEqual(codec.fromBinary(bytes), fromBinary(desc, bytes));
    }
    const json = reference(() => expectedJson(desc, message, each.options));
    const text = attempt(() => codec.toJsonString(message as never));
    if (json === undefined || text === undefined) {
      assert.equal(text, json);
      continue;
    }
    const ours = JSON.parse(text) as JsonValue;
    assert.deepStrictEqual(withoutProto(ours), withoutProto(json));
    if (each.options.int64AsNumber === true) continue; // JSON.parse has rounded them
    const read = codec.fromJson(ours);
    if (isAmbiguous) {
      if (each.options.protoNames !== true) assert.equal(codec.toJsonString(read as never), text);
    } else {
      assert.deepStrictEqual(read, withoutEmptyUnknown(fromJson(desc, ours, { registry })));
    }
  }
}

/**
 * Reports whether the JSON name of a field is the proto name of another. The reference then gives to
 * one of the two what was written for the other.
 */
export function hasAmbiguousNames(desc: DescMessage): boolean {
  return desc.fields.some(({ name, jsonName }) =>
    desc.fields.some((other) => other.name === jsonName && other.name !== name),
  );
}

/** The reference leaves an empty list of unknown fields where an extension was null or empty. */
export function withoutEmptyUnknown<T>(value: T): T {
  if (typeof value !== "object" || value === null || value instanceof Uint8Array) return value;
  const message = value as T & { $unknown?: readonly unknown[] };
  if (message.$unknown?.length === 0) delete message.$unknown;
  for (const member of Object.values(message)) withoutEmptyUnknown(member);
  return value;
}

/** What the reference gives; undefined where it throws. */
export function reference<T>(run: () => T): T | undefined {
  try {
    return run();
  } catch {
    return undefined;
  }
}
