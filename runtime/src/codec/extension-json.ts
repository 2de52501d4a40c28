import type { DescMessage, JsonObject, Message } from "@bufbuild/protobuf";
import { fromJson, toJsonString } from "@bufbuild/protobuf";
import { CodecError } from "./codec-error.ts";
import type { JsonOptions } from "./json-options.ts";

/** Writes and reads the extensions of a message in JSON: members such as `[pkg.ext]`. */
export interface ExtensionJson {
  /** Members of a JSON object, without braces; empty where there are none. */
  write(message: Message): string;
  /** Puts the extensions found in `json` into the message. */
  read(json: object, message: Message): void;
}

/**
 * Extensions are rare and live in `$unknown`, so they are left to `@bufbuild/protobuf`: it gets
 * the type without its fields. Undefined where no extension can occur.
 */
export function findExtensionJson(
  desc: DescMessage,
  options: JsonOptions,
): ExtensionJson | undefined {
  const { registry } = options;
  if (registry === undefined || desc.proto.extensionRange.length === 0) return undefined;
  const bare: DescMessage = { ...desc, fields: [], field: {}, members: [], oneofs: [] };
  return {
    write(message) {
      if (message.$unknown === undefined) return "";
      const only: Message = { $typeName: desc.typeName, $unknown: message.$unknown };
      return toJsonString(bare, only, {
        registry,
        alwaysEmitImplicit: options.emitDefaults,
        enumAsInteger: options.enumAsNumber,
        useProtoFieldName: options.protoNames,
      }).slice(1, -1);
    },
    read(json, message) {
      const members: JsonObject = {};
      for (const [key, value] of Object.entries(json)) {
        if (key.startsWith("[")) members[key] = value;
      }
      if (Object.keys(members).length === 0) return;
      const { $unknown } = readMembers(bare, members, registry);
      if ($unknown !== undefined) message.$unknown = $unknown;
    },
  };
}

function readMembers(
  desc: DescMessage,
  members: JsonObject,
  registry: NonNullable<JsonOptions["registry"]>,
): Message {
  try {
    return fromJson(desc, members, { registry, ignoreUnknownFields: true });
  } catch (cause) {
    throw new CodecError(cause instanceof Error ? cause.message : String(cause), "", { cause });
  }
}
