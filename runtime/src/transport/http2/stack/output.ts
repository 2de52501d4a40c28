import type { Socket } from "node:net";

const bufferBytes = 64 * 1024;

/** Buffers that are kept for the next one that writes. */
const maxFree = 32;

/** Unsent bytes above which no payload is added. */
const congestedBytes = 256 * 1024;

/** Buffers to write into, lent from the first write of a turn of the event loop to its end. */
export class BufferPool {
  readonly #free: Uint8Array[] = [];

  take(): Uint8Array {
    return this.#free.pop() ?? Buffer.allocUnsafeSlow(bufferBytes);
  }

  giveBack(buffer: Uint8Array): void {
    if (this.#free.length < maxFree) this.#free.push(buffer);
  }
}

/** Gathers what a connection sends in one turn of the event loop into few large writes. */
export class Output {
  /** What is written to: only what {@link reserve} has made room for. */
  buffer: Uint8Array = noBytes;
  /** Where the next byte goes. */
  at = 0;
  /** The client takes less than is sent: hold payload back until the socket has drained. */
  congested = false;
  readonly #socket: Socket;
  readonly #pool: BufferPool;
  readonly #onTaken = (): void => this.reclaim();
  #scheduled = false;
  /** Buffers that the socket still reads, oldest first, and where in all that was written each of them ends. */
  readonly #written: Uint8Array[] = [];
  readonly #ends: number[] = [];
  #total = 0;

  constructor(socket: Socket, pool: BufferPool) {
    this.#socket = socket;
    this.#pool = pool;
  }

  /** Bytes that the kernel has not taken. */
  get unsent(): number {
    return this.#socket.writableLength + this.at;
  }

  /** Bytes that the kernel has taken. */
  get sent(): number {
    return this.#total - this.#socket.writableLength;
  }

  /** Makes room for `bytes`, at most 64 KiB, at {@link at}; they leave at the end of the turn. */
  reserve(bytes: number): void {
    if (this.buffer.length - this.at >= bytes) return;
    this.flush();
    this.buffer = this.#pool.take();
    if (this.#scheduled) return;
    this.#scheduled = true;
    process.nextTick(flushScheduled, this);
  }

  flush(): void {
    const { buffer, at } = this;
    if (buffer === noBytes) return;
    this.buffer = noBytes;
    this.at = 0;
    const socket = this.#socket;
    if (at === 0 || !socket.writable) {
      this.#pool.giveBack(buffer);
      return;
    }
    this.#total += at;
    this.#written.push(buffer);
    this.#ends.push(this.#total);
    // Plain sockets mostly take all at once, those of TLS when the turn is over.
    socket.write(buffer.subarray(0, at), this.#onTaken);
    this.congested = socket.writableLength >= congestedBytes;
    this.reclaim();
  }

  /** Gives back what was lent as soon as it is sent: the kernel, or TLS, has a copy then. */
  reclaim(): void {
    const written = this.#written;
    const { sent } = this;
    while (written.length > 0 && (this.#ends[0] as number) <= sent) {
      this.#pool.giveBack(written.shift() as Uint8Array);
      this.#ends.shift();
    }
  }

  /** {@link flush}, at the end of a turn. */
  flushTurn(): void {
    this.#scheduled = false;
    this.flush();
  }
}

const noBytes = new Uint8Array();

function flushScheduled(output: Output): void {
  output.flushTurn();
}
