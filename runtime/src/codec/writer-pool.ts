import { BinaryWriter } from "./binary-writer.ts";

/** Keeps a writer for the next message, so that messages share slabs. */
export class WriterPool {
  private idle: BinaryWriter | undefined;

  /** What `write` writes, behind `headroom` zero bytes: a view of a slab. */
  write(write: (writer: BinaryWriter) => void, headroom = 0): Uint8Array {
    // taken out while in use: a getter of the message might call here, or an Any in an Any
    const writer = this.take();
    writer.begin(headroom);
    write(writer);
    const bytes = writer.finish();
    this.give(writer);
    return bytes;
  }

  /** A writer that nobody else uses. After an error it need not be given back. */
  take(): BinaryWriter {
    const writer = this.idle ?? new BinaryWriter();
    this.idle = undefined;
    return writer;
  }

  /** Takes a writer back. */
  give(writer: BinaryWriter): void {
    this.idle = writer;
  }
}
