import { BinaryWriter } from "./binary-writer.ts";
import type { MessageOps } from "./value-codec.ts";

/** Keeps a writer for the next message, so that messages share slabs. Results are views of a slab. */
export class WriterPool {
  private idle: BinaryWriter | undefined;

  /** A message's bytes, behind `headroom` zero bytes; makes no closure, as every reply comes here. */
  writeMessage(ops: MessageOps, message: unknown, depth: number, headroom = 0): Uint8Array {
    const writer = this.take();
    writer.begin(headroom);
    ops.writeBinary(writer, message, depth);
    return this.finish(writer);
  }

  /** What `write` writes. */
  write(write: (writer: BinaryWriter) => void): Uint8Array {
    const writer = this.take();
    writer.begin(0);
    write(writer);
    return this.finish(writer);
  }

  /** The bytes of a message are not needed any more; without effect unless they were written last. */
  reuse(bytes: Uint8Array): void {
    this.idle?.reuse(bytes);
  }

  // Out of the pool while in use: a getter of the message might call here, or an Any in an Any.
  // After an error the writer is not put back.
  private take(): BinaryWriter {
    const writer = this.idle ?? new BinaryWriter();
    this.idle = undefined;
    return writer;
  }

  private finish(writer: BinaryWriter): Uint8Array {
    const bytes = writer.finish();
    this.idle = writer;
    return bytes;
  }
}
