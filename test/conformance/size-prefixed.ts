import {
  create,
  type DescMessage,
  fromBinary,
  type MessageInitShape,
  type MessageShape,
  toBinary,
} from "@bufbuild/protobuf";

/** The messages in a stream of bytes, each behind its length in four bytes (big-endian). */
export async function* readMessages<D extends DescMessage>(
  schema: D,
  input: AsyncIterable<Buffer>,
): AsyncGenerator<MessageShape<D>, void> {
  let pending = Buffer.alloc(0);
  for await (const chunk of input) {
    pending = Buffer.concat([pending, chunk]);
    while (pending.length >= 4) {
      const end = 4 + pending.readUInt32BE();
      if (pending.length < end) break;
      yield fromBinary(schema, pending.subarray(4, end));
      pending = pending.subarray(end);
    }
  }
  if (pending.length > 0) throw new Error("the input ends inside a message");
}

/** Writes a message in the same form, in one piece. */
export function writeMessage<D extends DescMessage>(
  schema: D,
  message: MessageInitShape<D>,
  output: NodeJS.WritableStream,
): void {
  const bytes = toBinary(schema, create(schema, message));
  const prefixed = Buffer.allocUnsafe(4 + bytes.length);
  prefixed.writeUInt32BE(bytes.length);
  prefixed.set(bytes, 4);
  output.write(prefixed);
}
