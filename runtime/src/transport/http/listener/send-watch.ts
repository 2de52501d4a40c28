import type { Socket } from "node:net";
import type { Writable } from "node:stream";

/** What Node's sockets lie on; the getters of its own idle timers. */
interface SocketHandle {
  /** What was given to the system, be it taken or not. */
  readonly bytesWritten?: number | undefined;
  /** What of it the system has not taken yet. */
  readonly writeQueueSize?: number | undefined;
}

/** Since when a socket has not moved. */
interface Standstill {
  readonly taken: number;
  /** Looks since. */
  looks: number;
}

/**
 * Finds the connections over which nothing goes although something waits, whatever protocol they carry. Costs
 * nothing between two looks, and a reader that is slow but takes a byte between them is none of these.
 */
export class SocketSendWatch {
  readonly #waiting = new Map<Socket, Standstill>();

  /** Looks at all sockets; returns those that have not moved for as many `looks`. */
  find(sockets: Iterable<Socket>, looks: number): readonly Socket[] {
    const stuck: Socket[] = [];
    for (const socket of sockets) {
      const { bytesWritten = 0, writeQueueSize = 0 } = handleOf(socket);
      if (writeQueueSize === 0) {
        this.#waiting.delete(socket);
        continue;
      }
      const taken = bytesWritten - writeQueueSize;
      const before = this.#waiting.get(socket);
      if (before?.taken !== taken) this.#waiting.set(socket, { taken, looks: 0 });
      else if (++before.looks >= looks) stuck.push(socket);
    }
    return stuck;
  }

  /** Forgets a socket that is closed. */
  forget(socket: Socket): void {
    this.#waiting.delete(socket);
  }
}

/** A larger piece may take as many times as long, where nobody can see how it moves. */
const pieceBytes = 64 * 1024;

/** What goes over a connection between two looks while it moves: answers to pings are less. */
const movingBytes = 1024;

/**
 * Finds the streams of one connection that do not move although something waits: their client grants them no
 * bytes, while others may go on.
 */
export class StreamSendWatch<T extends Writable> {
  readonly #waiting = new Map<T, WriteCount>();
  #sentBytes = 0;
  #quietLooks = 0;

  /**
   * Looks at all streams; returns those that have not moved for as many `looks`. `sentBytes`: how much has ever
   * gone over the connection.
   */
  find(streams: Iterable<T>, looks: number, sentBytes: number): readonly T[] {
    this.#quietLooks = sentBytes - this.#sentBytes < movingBytes ? this.#quietLooks + 1 : 0;
    this.#sentBytes = sentBytes;
    const stuck: T[] = [];
    for (const stream of streams) {
      const bytes = stream.writableLength;
      let count = this.#waiting.get(stream);
      if (bytes === 0) {
        count?.reset();
        continue;
      }
      if (count === undefined) this.#waiting.set(stream, (count = new WriteCount(stream)));
      // How much of a piece has gone, Node does not tell, unless nothing goes over the connection at all.
      const patience = this.#quietLooks >= looks ? 1 : Math.max(1, bytes / pieceBytes);
      if (count.look() > looks * patience) stuck.push(stream);
    }
    return stuck;
  }

  /** Forgets a stream that is closed. */
  forget(stream: T): void {
    this.#waiting.delete(stream);
  }
}

/** Counts the pieces that a stream begins to send, which it does when the one before has gone. */
class WriteCount {
  #writes = 0;
  #seenWrites = 0;
  #looks = 0;

  constructor(stream: Writable) {
    const { _write: write, _writev: writePieces } = stream;
    stream._write = (chunk, encoding, callback): void => {
      this.#writes++;
      write.call(stream, chunk, encoding, callback);
    };
    if (writePieces === undefined) return;
    stream._writev = (chunks, callback): void => {
      this.#writes++;
      writePieces.call(stream, chunks, callback);
    };
  }

  /** How often this was called since the stream began its piece. */
  look(): number {
    this.#looks = this.#writes === this.#seenWrites ? this.#looks + 1 : 1;
    this.#seenWrites = this.#writes;
    return this.#looks;
  }

  /** Nothing waits. */
  reset(): void {
    this.#looks = 0;
  }
}

function handleOf(socket: Socket): SocketHandle {
  return (socket as { _handle?: SocketHandle | null })._handle ?? {};
}
