import type { DescMessage, Registry } from "@bufbuild/protobuf";
import { fromBase64, toBase64 } from "./base64.ts";
import { BinaryReader } from "./binary-reader.ts";
import { CodecError, mismatch, withSegment } from "./codec-error.ts";
import { requireObject } from "./containers.ts";
import { quote } from "./json-text.ts";
import type { MessageOps } from "./value-codec.ts";
import type { WriterPool } from "./writer-pool.ts";

/** What reading and writing an Any needs from the codecs of the message inside. */
export interface AnyContext {
  readonly registry: Registry | undefined;
  readonly writers: WriterPool;
  opsOf(desc: DescMessage): MessageOps;
  /** Whether the type's JSON is something else than an object of its fields. */
  hasJsonForm(desc: DescMessage): boolean;
}

interface AnyMessage {
  readonly $typeName: "google.protobuf.Any";
  readonly typeUrl: string;
  readonly value: Uint8Array;
}

/**
 * An Any as JSON text: the message's own JSON with `@type`. A type that the registry does not
 * hold keeps its bytes as base64 in `value`, so that error details never fail a reply.
 */
export function anyToJson(message: unknown, depth: number, context: AnyContext): string {
  if (typeof message !== "object" || message === null) throw mismatch("an Any", message);
  const { typeUrl = "", value = new Uint8Array(0) } = message as Partial<AnyMessage>;
  if (typeUrl === "") return "{}";
  if (!(value instanceof Uint8Array)) throw mismatch("bytes", value);
  const type = `{"@type":${quote(typeUrl)}`;
  const desc = context.registry?.getMessage(typeNameOf(typeUrl));
  if (desc === undefined) return `${type},"value":"${toBase64(value)}"}`;
  const ops = context.opsOf(desc);
  const inner = ops.readBinary(new BinaryReader(value, 0, value.length), value.length, depth + 1);
  const json = ops.writeJson(inner, depth + 1);
  if (context.hasJsonForm(desc)) return `${type},"value":${json}}`;
  return json === "{}" ? `${type}}` : `${type},${json.slice(1)}`;
}

/** Reads an Any from JSON; the counterpart of {@link anyToJson}. */
export function anyFromJson(json: unknown, depth: number, context: AnyContext): AnyMessage {
  const { "@type": typeUrl, ...members } = requireObject(json, "an object with @type");
  if (typeUrl === undefined && Object.keys(members).length === 0) {
    return { $typeName: "google.protobuf.Any", typeUrl: "", value: new Uint8Array(0) };
  }
  if (typeof typeUrl !== "string" || typeNameOf(typeUrl) === "") {
    throw withSegment(mismatch("a type URL such as type.googleapis.com/a.B", typeUrl), "@type");
  }
  return {
    $typeName: "google.protobuf.Any",
    typeUrl,
    value: valueOf(typeUrl, members, depth, context),
  };
}

function valueOf(
  typeUrl: string,
  members: Record<string, unknown>,
  depth: number,
  context: AnyContext,
): Uint8Array {
  const desc = context.registry?.getMessage(typeNameOf(typeUrl));
  if (desc === undefined) {
    const { value, ...others } = members;
    if (typeof value === "string" && Object.keys(others).length === 0) return fromBase64(value);
    throw new CodecError(`expected a registered type, got "${typeUrl}"`, "@type");
  }
  const ops = context.opsOf(desc);
  const isBare = context.hasJsonForm(desc) && Object.hasOwn(members, "value");
  const json = isBare ? members["value"] : members;
  const message = ops.readJson(json, depth + 1);
  // a copy, since a view of a few bytes would hold on to the whole slab
  return context.writers.writeMessage(ops, message, depth + 1).slice();
}

function typeNameOf(typeUrl: string): string {
  return typeUrl.slice(typeUrl.lastIndexOf("/") + 1);
}
