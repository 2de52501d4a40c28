import type { DescMessage } from "@bufbuild/protobuf";
import { CodecError } from "./codec-error.ts";
import { describe } from "./describe.ts";
import type { ExtensionJson } from "./extension-json.ts";

/**
 * Makes what throws {@link CodecError} for a JSON object with a key that is no field, in either of its
 * spellings, and no extension of the message type.
 */
export function keyCheck(
  desc: DescMessage,
  extensions: ExtensionJson | undefined,
): (json: object) => void {
  const known = new Set(desc.fields.flatMap((field) => [field.jsonName, field.name]));
  return (json) => {
    for (const key of Object.keys(json)) {
      if (known.has(key) || extensions?.isKnown(key) === true) continue;
      throw new CodecError(`message ${desc.typeName} has no field ${describe(key)}`);
    }
  };
}
