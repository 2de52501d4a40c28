import type { Socket } from "node:net";

interface Chunk {
  readonly chunk: unknown;
  readonly encoding: BufferEncoding;
}

/**
 * Lets text that is written to `socket` in several pieces at once go out as one. Node ends each response with
 * an empty piece behind the text, and sending two pieces takes a list, memory for their bytes and another
 * system call, in all about a tenth of what a small response costs.
 */
export function joinWrites(socket: Socket): void {
  const writePieces = socket._writev?.bind(socket);
  if (writePieces === undefined) return;
  socket._writev = (chunks: Chunk[], callback): void => {
    const { encoding } = chunks[0]!;
    let text = "";
    for (const piece of chunks) {
      if (piece.chunk === "") continue;
      if (typeof piece.chunk !== "string" || piece.encoding !== encoding) {
        writePieces(chunks, callback);
        return;
      }
      text += piece.chunk;
    }
    socket._write(text, encoding, callback);
  };
}
