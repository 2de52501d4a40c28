import { ScalarType } from "@bufbuild/protobuf";
import { scalarCodec } from "./scalar.ts";
import { completeJsonOptions } from "./json-options.ts";
import type { BinaryReader } from "./binary-reader.ts";
import type { BinaryWriter } from "./binary-writer.ts";
import { mismatch } from "./codec-error.ts";
import { requireWellFormed } from "./json-text.ts";

/** Reads and writes a map's keys, which JavaScript objects hold as strings. */
export interface MapKey {
  /** The tag of the key in a map's entry on the wire. */
  readonly tag: number;
  /** The key that an entry without one has. */
  readonly zero: string;
  /** The one spelling of a key: `1` for `01`. Throws {@link CodecError} for what is no key. */
  canonical(key: string): string;
  /** Writes the key behind its tag. */
  writeBinary(writer: BinaryWriter, key: string): void;
  readBinary(reader: BinaryReader): string;
}

/** The codec of a map's keys. */
export function mapKeyOf(scalar: ScalarType, strictUtf8: boolean): MapKey {
  const codec = scalarCodec(scalar, { longAsString: false, strictUtf8 }, completeJsonOptions({}));
  const parse = parserOf(scalar, codec.readJson);
  return {
    tag: 8 | codec.wireType,
    zero: String(codec.zero),
    canonical: (key) => String(parse(key)),
    writeBinary: (writer, key) => codec.writeBinary(writer, parse(key), 0),
    readBinary: (reader) => String(codec.readBinary(reader, 0)),
  };
}

function parserOf(
  scalar: ScalarType,
  fromJson: (json: unknown, depth: number) => unknown,
): (key: string) => unknown {
  if (scalar === ScalarType.STRING) {
    return (key) => {
      requireWellFormed(key);
      return key;
    };
  }
  if (scalar === ScalarType.BOOL) {
    return (key) => {
      if (key !== "true" && key !== "false") throw mismatch("true or false as key", key);
      return key === "true";
    };
  }
  return (key) => fromJson(key, 0);
}
