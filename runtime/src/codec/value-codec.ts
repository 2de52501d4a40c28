import type { ScalarType } from "@bufbuild/protobuf";
import type { BinaryReader } from "./binary-reader.ts";
import type { BinaryWriter } from "./binary-writer.ts";

/**
 * Reads and writes one value of a field: a scalar, an enum value or a message, without its name
 * or tag. Everything throws {@link CodecError} without a path: who calls knows the path.
 */
export interface ValueCodec {
  /** The wire type of one value (of the value itself, also where the field may be packed). */
  readonly wireType: number;
  /** A number on the wire, so that a repeated field of it may be packed. */
  readonly packable: boolean;
  /** A JSON `null` is a value here (`Value`, `NullValue`) and does not mean "unset". */
  readonly nullable: boolean;
  /** What an unset field without presence holds; undefined for messages. */
  readonly zero: unknown;
  /** Reports whether a field without presence counts as unset with this value. */
  isZero(value: unknown): boolean;
  writeJson(value: unknown, depth: number): string;
  readJson(json: unknown, depth: number): unknown;
  /** Writes the value behind its tag: with its length, where it has one. */
  writeBinary(writer: BinaryWriter, value: unknown, depth: number): void;
  /** Reads the value behind its tag. `existing` is what a message is merged into. */
  readBinary(reader: BinaryReader, depth: number, existing?: unknown): unknown;
  /** What compiled code may do itself instead of calling the above. Default: nothing. */
  readonly shortcut?: ValueShortcut;
}

/** A value simple enough for compiled code to read and write in place. */
export type ValueShortcut =
  | {
      readonly kind: "scalar";
      readonly scalar: ScalarType;
      readonly longAsString: boolean;
      readonly strictUtf8: boolean;
    }
  /** `texts` holds the JSON of values by number, as far as it may be written without a look. */
  | { readonly kind: "enum"; readonly texts: readonly (string | undefined)[] }
  /** A message behind its length. */
  | { readonly kind: "message"; readonly ops: MessageOps };

/** Reads and writes the fields of one message type. */
export interface MessageOps {
  writeJson(message: unknown, depth: number): string;
  readJson(json: unknown, depth: number): object;
  /** Writes the fields, without a length. */
  writeBinary(writer: BinaryWriter, message: unknown, depth: number): void;
  /**
   * Reads fields up to the position `end`, or up to the end of the group with the field number `-end`,
   * into `existing` if given.
   */
  readBinary(reader: BinaryReader, end: number, depth: number, existing?: object): object;
}
