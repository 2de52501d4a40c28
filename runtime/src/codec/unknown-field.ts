import type { Message } from "@bufbuild/protobuf";
import type { BinaryWriter } from "./binary-writer.ts";
import { tagOf } from "./wire.ts";

/** Puts an unknown field aside in `$unknown`, from where it is written back. */
export function keepUnknown(message: Message, tag: number, data: Uint8Array): void {
  (message.$unknown ??= []).push({ no: tag >>> 3, wireType: tag & 7, data });
}

/** Writes back what {@link keepUnknown} kept. */
export function writeUnknown(writer: BinaryWriter, message: Message): void {
  if (message.$unknown === undefined) return;
  for (const { no, wireType, data } of message.$unknown) {
    writer.uint32(tagOf(no, wireType));
    writer.raw(data);
  }
}
