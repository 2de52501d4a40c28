import { Socket } from "node:net";
// Not the global one, which tests may replace by a clock that stands still.
import { setImmediate as nextTurn } from "node:timers";

type Done = (error?: Error | null) => void;

interface Chunk {
  readonly chunk: string | Uint8Array;
  readonly encoding: BufferEncoding;
}

const address = "127.0.0.1";

/** The port that servers in memory seem to have. */
const serverPort = 80;

/**
 * One of the two ends of a connection inside the process. What one end writes, the other reads a turn of the event
 * loop later, so that neither is called while it is at work, and timers get their turn.
 */
export class MemorySocket extends Socket {
  override connecting = false;
  override bytesRead = 0;
  override bytesWritten = 0;
  override readonly localAddress: string = address;
  override readonly remoteAddress: string = address;
  override readonly remoteFamily = "IPv4";
  override readonly localPort: number;
  override readonly remotePort: number;
  /** Itself until it is connected. */
  #other: MemorySocket = this;
  /** Ends a write of the other side that waits until this one has read. */
  #letGoOn: Done | undefined;
  #ended = false;

  private constructor(localPort: number, remotePort: number) {
    super();
    this.localPort = localPort;
    this.remotePort = remotePort;
  }

  /**
   * The ends of a new connection: a client's, and, once `take` has been called with it, a server's. Where there is no
   * `take` any more, the client's is refused.
   */
  static open(clientPort: number, findTaker: () => ((socket: Socket) => void) | undefined): Socket {
    const client = new MemorySocket(clientPort, serverPort);
    const server = new MemorySocket(serverPort, clientPort);
    client.#other = server;
    server.#other = client;
    client.connecting = true;
    nextTurn(() => {
      if (client.destroyed) return;
      const take = findTaker();
      if (take === undefined) {
        client.destroy(systemError("ECONNREFUSED", "connect"));
        return;
      }
      take(server);
      client.connecting = false;
      client.emit("connect");
    });
    return client;
  }

  // Nothing here keeps a process alive.

  override ref(): this {
    return this;
  }

  override unref(): this {
    return this;
  }

  override _read(): void {
    const done = this.#letGoOn;
    this.#letGoOn = undefined;
    done?.();
  }

  override _write(chunk: string | Uint8Array, encoding: BufferEncoding, done: Done): void {
    this.#send(toBytes({ chunk, encoding }), done);
  }

  override _writev(chunks: Chunk[], done: Done): void {
    this.#send(Buffer.concat(chunks.map((chunk) => toBytes(chunk))), done);
  }

  override _final(done: Done): void {
    nextTurn(() => {
      this.#other.#end();
      done();
    });
  }

  override _destroy(error: Error | null, done: Done): void {
    const letGoOn = this.#letGoOn;
    this.#letGoOn = undefined;
    letGoOn?.(systemError("EPIPE", "write"));
    nextTurn(() => this.#other.#end());
    super._destroy(error, done);
  }

  #send(bytes: Buffer, done: Done): void {
    this.bytesWritten += bytes.length;
    nextTurn(() => {
      const other = this.#other;
      if (other.destroyed) done(systemError("EPIPE", "write"));
      else other.#receive(bytes, done);
    });
  }

  #receive(bytes: Buffer, done: Done): void {
    this.bytesRead += bytes.length;
    if (bytes.length === 0 || this.push(bytes)) done();
    else this.#letGoOn = done;
  }

  #end(): void {
    if (this.#ended || this.destroyed) return;
    this.#ended = true;
    this.push(null);
  }
}

/** A copy, as the system makes one: who writes may use its memory again. */
function toBytes({ chunk, encoding }: Chunk): Buffer {
  return typeof chunk === "string" ? Buffer.from(chunk, encoding) : Buffer.from(chunk);
}

function systemError(code: string, syscall: string): Error {
  return Object.assign(new Error(`${syscall} ${code}`), { code, syscall });
}
