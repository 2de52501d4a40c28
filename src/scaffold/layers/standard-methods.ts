import type { DescField, DescMessage } from "@bufbuild/protobuf";
import type { MethodFacts } from "../../model/service-facts.ts";
import { toPascal } from "../names.ts";
import { readProperty } from "./resource.ts";
import type { Resource } from "./resource.ts";

/** What a method does to a resource, as the names and the messages of create, get, list, update and delete show. */
export type StandardMethod =
  | { readonly does: "create"; readonly from: ContentPlace; readonly reply: ReplyPlace }
  | { readonly does: "get"; readonly id: string; readonly reply: ReplyPlace }
  | {
      readonly does: "list";
      readonly size: string | undefined;
      readonly token: string;
      readonly items: string;
      readonly next: string;
    }
  | {
      readonly does: "update";
      /** The field of the request; where the content is in a field of its own, of that. */
      readonly id: string;
      readonly from: ContentPlace;
      readonly reply: ReplyPlace;
    }
  | { readonly does: "delete"; readonly id: string };

/** Where a request has the content: in its own fields, or in one that holds the resource. */
export type ContentPlace = { readonly field: string | undefined };

/** Where a reply has the resource: `undefined`: it is the reply. */
export type ReplyPlace = { readonly field: string | undefined };

/** Recognizes a standard method; `undefined`: one of which the proto does not say what it does. */
export function findStandardMethod(
  method: MethodFacts,
  resource: Resource,
): StandardMethod | undefined {
  const { message, id } = resource;
  if (message === undefined || method.kind !== "unary") return undefined;
  const verb = findVerb(method.name, message.name, resource.table);
  const { input, output } = method.desc;
  const key = findKey(input, id.column);
  switch (verb) {
    case "Create": {
      const from = findContent(input, resource);
      const reply = findReply(output, message);
      return from && reply && { does: "create", from, reply };
    }
    case "Get": {
      const reply = findReply(output, message);
      return key !== undefined && reply ? { does: "get", id: key, reply } : undefined;
    }
    case "List": {
      const items = output.fields.find(
        (field) => field.fieldKind === "list" && field.message?.typeName === message.typeName,
      );
      const next = output.fields.find((field) => field.name === "next_page_token");
      const token = input.fields.find((field) => field.name === "page_token");
      const size = input.fields.find((field) => field.name === "page_size");
      if (items === undefined || !isPlain(next, "string") || !isPlain(token, "string")) {
        return undefined;
      }
      if (size !== undefined && !isPlain(size, "integer")) return undefined;
      return {
        does: "list",
        size: size?.localName,
        token: token.localName,
        items: items.localName,
        next: next.localName,
      };
    }
    case "Update": {
      const from = findContent(input, resource);
      const reply = findReply(output, message);
      if (from === undefined || reply === undefined) return undefined;
      // Which of the fields to change is for the user to decide.
      if (input.fields.some((field) => field.message?.typeName === "google.protobuf.FieldMask")) {
        return undefined;
      }
      if (from.field !== undefined) return { does: "update", id: id.name, from, reply };
      return key === undefined ? undefined : { does: "update", id: key, from, reply };
    }
    case "Delete":
      // An empty reply suits every message but the resource, which a caller would take for one.
      return key !== undefined && output.typeName !== message.typeName
        ? { does: "delete", id: key }
        : undefined;
    default:
      return undefined;
  }
}

/** `Create` of `CreateOrder`, or of `Create` alone. */
function findVerb(name: string, resource: string, many: string): string | undefined {
  const [, verb = "", rest = ""] = /^(Create|Get|List|Update|Delete)(.*)$/.exec(name) ?? [];
  if (verb === "") return undefined;
  const expected = verb === "List" ? toPascal(many) : resource;
  return rest === "" || rest === expected ? verb : undefined;
}

function isPlain(field: DescField | undefined, kind: "string" | "integer"): field is DescField {
  const property = field && readProperty(field);
  return property !== undefined && property.kind === kind && !property.optional;
}

/** The field that says which one, by the resource's own name for it or by `id`. */
function findKey({ fields }: DescMessage, column: string): string | undefined {
  const field =
    fields.find(({ name }) => name === column) ?? fields.find(({ name }) => name === "id");
  return isPlain(field, "string") ? field.localName : undefined;
}

function findContent(input: DescMessage, { message, content }: Resource): ContentPlace | undefined {
  if (message === undefined) return undefined;
  const nested = input.fields.find(
    (field) => field.fieldKind === "message" && field.message.typeName === message.typeName,
  );
  if (nested !== undefined)
    return nested.oneof === undefined ? { field: nested.localName } : undefined;
  const present = input.fields.map(readProperty);
  const has = content.every((wanted) =>
    present.some(
      (property) =>
        property?.name === wanted.name &&
        property.kind === wanted.kind &&
        property.optional === wanted.optional,
    ),
  );
  return has ? { field: undefined } : undefined;
}

function findReply(output: DescMessage, message: DescMessage): ReplyPlace | undefined {
  if (output.typeName === message.typeName) return { field: undefined };
  const field = output.fields.find(
    (each) => each.fieldKind === "message" && each.message.typeName === message.typeName,
  );
  return field !== undefined && field.oneof === undefined ? { field: field.localName } : undefined;
}
