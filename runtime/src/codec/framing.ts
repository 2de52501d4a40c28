import { tagOf, Wire } from "./wire.ts";
import type { BinaryReader } from "./binary-reader.ts";
import type { BinaryWriter } from "./binary-writer.ts";

/** How a message stands in a field on the wire. */
export interface Framing {
  readonly wireType: number;
  /** Behind the tag; what it returns goes to {@link finish}. */
  begin(writer: BinaryWriter): number;
  finish(writer: BinaryWriter, begun: number): void;
  /** What `MessageOps.readBinary` takes as its end. */
  end(reader: BinaryReader): number;
}

/** Behind its length. */
export const LENGTH_DELIMITED: Framing = {
  wireType: Wire.delimited,
  begin: (writer) => writer.fork(),
  finish: (writer, fork) => writer.join(fork),
  end: (reader) => reader.end(),
};

/** Between the tags that begin and end the group of field `number`. */
export function groupFraming(number: number): Framing {
  const endTag = endTagOf(-number);
  return {
    wireType: Wire.startGroup,
    begin: () => 0,
    finish: (writer) => writer.uint32(endTag),
    end: () => -number,
  };
}

/** The tag that ends a group whose field number is `-end`; 0, which no tag is, for lengths. */
export function endTagOf(end: number): number {
  return end < 0 ? tagOf(-end, Wire.endGroup) : 0;
}
