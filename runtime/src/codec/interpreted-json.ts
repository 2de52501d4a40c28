import type { Message } from "@bufbuild/protobuf";
import { create } from "@bufbuild/protobuf";
import { mismatch } from "./codec-error.ts";
import {
  entriesOf,
  inField,
  keyTwice,
  nullItem,
  requireKey,
  requireList,
  requireObject,
  segmentOf,
  within,
} from "./containers.ts";
import type { ExtensionJson } from "./extension-json.ts";
import type { FieldPlan, MessagePlan } from "./field-plan.ts";
import { keyCheck } from "./json-keys.ts";
import type { JsonOptions } from "./json-options.ts";
import { quote } from "./json-text.ts";
import { checkDepth } from "./nesting.ts";
import { setEntry } from "./own.ts";
import {
  checkOneof,
  findValue,
  missingField,
  oneofTaken,
  ownValue,
  requireMessage,
  spelledTwice,
} from "./presence.ts";
import type { MessageOps } from "./value-codec.ts";

type Members = Record<string, unknown>;

/** JSON operations that walk the plan field by field and name the field in every error. */
export function interpretJson(
  plan: MessagePlan,
  options: JsonOptions,
  extensions: ExtensionJson | undefined,
): Pick<MessageOps, "writeJson" | "readJson"> {
  const { desc } = plan;
  const checkKeys = keyCheck(desc, extensions);
  return {
    writeJson(value, depth) {
      checkDepth(depth);
      const message = requireMessage(value, desc.typeName);
      for (const oneof of desc.oneofs) checkOneof(message, oneof);
      const members: string[] = [];
      for (const field of plan.fields) {
        const json = inField(field, () => memberToJson(message, field, options, depth));
        if (json !== undefined) members.push(`${quote(jsonNameOf(field, options))}:${json}`);
      }
      const extended = extensions?.write(value as Message, depth);
      if (extended) members.push(extended);
      return `{${members.join(",")}}`;
    },
    readJson(value, depth) {
      checkDepth(depth);
      const json = requireObject(value, `an object for ${desc.typeName}`);
      const message = create(desc);
      const taken = new Map<string, string>();
      for (const field of plan.fields) {
        inField(field, () => readMember(json, message as Message & Members, field, taken, depth));
      }
      extensions?.read(json, message, depth);
      if (!options.ignoreUnknown) checkKeys(json);
      return message;
    },
  };
}

/** What a field is called in JSON. */
export function jsonNameOf(plan: FieldPlan, options: JsonOptions): string {
  return options.protoNames ? plan.field.name : plan.field.jsonName;
}

/** JSON text of a field's value, which is not undefined. */
export function fieldToJson(value: unknown, plan: FieldPlan, depth: number): string {
  switch (plan.shape) {
    case "single":
      return plan.value.writeJson(value, depth);
    case "list": {
      const texts = Array.from(requireList(value), (item, i) =>
        within(`[${i}]`, () => plan.value.writeJson(item, depth)),
      );
      return `[${texts.join(",")}]`;
    }
    case "map": {
      const texts = entriesOf(value, plan).map(([key, item]) =>
        within(segmentOf(key), () => `${quote(key)}:${plan.value.writeJson(item, depth)}`),
      );
      return `{${texts.join(",")}}`;
    }
  }
}

/** Reads a field's JSON, which is not null, or not a null that unsets. */
export function fieldFromJson(json: unknown, plan: FieldPlan, depth: number): unknown {
  switch (plan.shape) {
    case "single":
      return plan.value.readJson(json, depth);
    case "list":
      if (!Array.isArray(json)) throw mismatch("a list", json);
      return json.map((item, i) => within(`[${i}]`, () => itemFromJson(item, plan, depth)));
    case "map": {
      const map = {};
      for (const [key, item] of Object.entries(requireObject(json))) {
        within(segmentOf(key), () => {
          const canonical = requireKey(plan).canonical(key);
          if (Object.hasOwn(map, canonical)) throw keyTwice();
          setEntry(map, canonical, itemFromJson(item, plan, depth));
        });
      }
      return map;
    }
  }
}

/** Reports whether this JSON leaves the field unset. */
export function isUnsetJson(json: unknown, plan: FieldPlan): boolean {
  return json === null && !(plan.shape === "single" && plan.value.nullable);
}

function memberToJson(
  message: Readonly<Members>,
  plan: FieldPlan,
  options: JsonOptions,
  depth: number,
): string | undefined {
  const value = findValue(message, plan);
  if (value === undefined) {
    if (plan.required) throw missingField();
    return options.emitDefaults ? plan.unsetJson : undefined;
  }
  if (!options.emitDefaults && plan.presence === "implicit" && isEmpty(value, plan)) {
    return undefined;
  }
  return fieldToJson(value, plan, depth);
}

function isEmpty(value: unknown, plan: FieldPlan): boolean {
  switch (plan.shape) {
    case "single":
      return plan.value.isZero(value);
    case "list":
      return requireList(value).length === 0;
    case "map":
      return entriesOf(value, plan).length === 0;
  }
}

function readMember(
  json: Readonly<Members>,
  message: Members,
  plan: FieldPlan,
  taken: Map<string, string>,
  depth: number,
): void {
  const { field, oneof } = plan;
  let value = ownValue(json, field.jsonName);
  if (plan.otherName !== undefined) {
    const other = ownValue(json, plan.otherName);
    if (other !== undefined && value !== undefined) {
      throw spelledTwice(field.jsonName, plan.otherName);
    }
    value = value === undefined ? other : value;
  }
  if (value === undefined || isUnsetJson(value, plan)) return;
  if (oneof === undefined) {
    message[field.localName] = fieldFromJson(value, plan, depth);
    return;
  }
  const first = taken.get(oneof.name);
  if (first !== undefined) throw oneofTaken(oneof.name, first);
  taken.set(oneof.name, field.name);
  message[oneof.localName] = { case: field.localName, value: plan.value.readJson(value, depth) };
}

function itemFromJson(json: unknown, plan: FieldPlan, depth: number): unknown {
  if (json === null && !plan.value.nullable) throw nullItem(plan.shape);
  return plan.value.readJson(json, depth);
}
