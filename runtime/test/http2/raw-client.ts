import type { Socket } from "node:net";
import { connect } from "node:net";
import { onTestFinished } from "vitest";
import { createDeferred } from "../grpc/deferred.ts";
import { clientPreface, FrameFlag, FrameType } from "../../src/transport/http2/stack/frame.ts";

/** A frame that the server sent. */
export interface ReceivedFrame {
  readonly type: number;
  readonly flags: number;
  readonly id: number;
  readonly payload: Buffer;
}

/** The bytes of a frame, right or wrong; `length` where it is to lie. */
export function frame(
  type: number,
  flags: number,
  id: number,
  payload: Uint8Array = Buffer.alloc(0),
  length = payload.length,
): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(id, 5);
  return Buffer.concat([head, payload]);
}

export function uint32(...values: number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 4);
  for (const [i, value] of values.entries()) bytes.writeUInt32BE(value, i * 4);
  return bytes;
}

export function settings(...pairs: readonly (readonly [id: number, value: number])[]): Buffer {
  const bytes = Buffer.alloc(pairs.length * 6);
  for (const [i, [id, value]] of pairs.entries()) {
    bytes.writeUInt16BE(id, i * 6);
    bytes.writeUInt32BE(value, i * 6 + 2);
  }
  return frame(FrameType.SETTINGS, 0, 0, bytes);
}

export type RawField = readonly [name: string, value: string];

/** A header block of literals that change no table. */
export function block(...fields: readonly RawField[]): Buffer {
  return Buffer.concat(
    fields.map(([name, value]) => Buffer.concat([Buffer.of(0), text(name), text(value)])),
  );
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value, "latin1");
  if (bytes.length < 127) return Buffer.concat([Buffer.of(bytes.length), bytes]);
  const length = [0x7f];
  let rest = bytes.length - 127;
  for (; rest >= 128; rest >>= 7) length.push((rest & 127) | 128);
  return Buffer.concat([Buffer.from([...length, rest]), bytes]);
}

export const requestFields: readonly RawField[] = [
  [":method", "POST"],
  [":scheme", "http"],
  [":path", "/"],
  [":authority", "localhost"],
];

/** HEADERS that open a stream; with END_STREAM unless `open`. */
export function request(id: number, fields: readonly RawField[] = [], open = false): Buffer {
  const flags = FrameFlag.END_HEADERS | (open ? 0 : FrameFlag.END_STREAM);
  return frame(FrameType.HEADERS, flags, id, block(...requestFields, ...fields));
}

export function data(id: number, bytes: Uint8Array | string, endStream = false): Buffer {
  return frame(FrameType.DATA, endStream ? FrameFlag.END_STREAM : 0, id, Buffer.from(bytes));
}

export function windowUpdate(id: number, increment: number): Buffer {
  return frame(FrameType.WINDOW_UPDATE, 0, id, uint32(increment));
}

export function reset(id: number, code: number): Buffer {
  return frame(FrameType.RST_STREAM, 0, id, uint32(code));
}

const mark = Buffer.from("the mark");
export const ping: Buffer = frame(FrameType.PING, 0, 0, mark);

/** A socket that speaks HTTP/2 as badly as a test wants. */
export class RawClient {
  readonly frames: ReceivedFrame[] = [];
  readonly socket: Socket;
  /** Resolves when the server has closed the connection. */
  readonly closed: Promise<void>;
  /** Whether pings and settings of the server are answered. */
  polite = true;
  isClosed = false;
  #rest: Buffer = Buffer.alloc(0);
  #waiting: (() => void)[] = [];

  constructor(socket: Socket) {
    this.socket = socket;
    const closed = createDeferred();
    this.closed = closed.promise;
    socket.on("data", (bytes) => this.#read(bytes));
    socket.on("error", () => undefined);
    socket.on("close", () => {
      this.isClosed = true;
      closed.resolve();
      this.#wake();
    });
  }

  /** Connects; a `bare` client sends neither preface nor settings, and answers none. */
  static async connect(port: number, bare = false): Promise<RawClient> {
    const socket = connect({ port, host: "127.0.0.1", noDelay: true });
    onTestFinished(() => void socket.destroy());
    const client = new RawClient(socket);
    client.polite = !bare;
    await new Promise((resolve) => socket.once("connect", resolve));
    if (!bare) client.send(Buffer.from(clientPreface), settings());
    return client;
  }

  send(...frames: readonly Uint8Array[]): void {
    this.socket.write(Buffer.concat(frames));
  }

  /** The first frame that `is` what is meant; undefined when the connection closes without it. */
  async find(is: (frame: ReceivedFrame) => boolean): Promise<ReceivedFrame | undefined> {
    for (;;) {
      const found = this.frames.find(is);
      if (found !== undefined || this.isClosed) return found;
      await this.changed();
    }
  }

  /** Resolves when something more has come, or the connection has closed. */
  changed(): Promise<void> {
    const deferred = createDeferred();
    this.#waiting.push(deferred.resolve);
    return deferred.promise;
  }

  /** Waits until the server has dealt with all that was sent; false when it closed the connection. */
  async settle(): Promise<boolean> {
    const before = this.#marks();
    this.send(ping);
    while (this.#marks() === before && !this.isClosed) await this.changed();
    return this.#marks() > before;
  }

  /** What became of the connection and its streams, in short: `goaway 1`, `reset 3 5`, `reply 1 200 12`. */
  outcome(): string[] {
    const found: string[] = [];
    const bytes = new Map<number, number>();
    for (const { type, flags, id, payload } of this.frames) {
      if (type === FrameType.GOAWAY) found.push(`goaway ${payload.readUInt32BE(4)}`);
      if (type === FrameType.RST_STREAM) found.push(`reset ${id} ${payload.readUInt32BE(0)}`);
      if (type === FrameType.DATA) bytes.set(id, (bytes.get(id) ?? 0) + payload.length);
      const ends = type === FrameType.DATA || type === FrameType.HEADERS;
      if (ends && (flags & FrameFlag.END_STREAM) !== 0) {
        found.push(`reply ${id} ${bytes.get(id) ?? 0}`);
      }
    }
    return found;
  }

  #marks(): number {
    return this.frames.filter(({ type, flags, payload }) => {
      return type === FrameType.PING && flags === FrameFlag.ACK && payload.equals(mark);
    }).length;
  }

  #read(bytes: Buffer): void {
    let rest = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes]);
    while (rest.length >= 9) {
      const length = rest.readUIntBE(0, 3);
      if (rest.length < 9 + length) break;
      const payload = Buffer.from(rest.subarray(9, 9 + length));
      const received = {
        type: rest[3]!,
        flags: rest[4]!,
        id: rest.readUInt32BE(5),
        payload,
      };
      this.frames.push(received);
      if (this.polite) this.#answer(received);
      rest = rest.subarray(9 + length);
    }
    this.#rest = Buffer.from(rest);
    this.#wake();
  }

  #answer({ type, flags, payload }: ReceivedFrame): void {
    if ((flags & FrameFlag.ACK) !== 0 || this.socket.destroyed) return;
    if (type === FrameType.SETTINGS) this.send(frame(FrameType.SETTINGS, FrameFlag.ACK, 0));
    if (type === FrameType.PING) this.send(frame(FrameType.PING, FrameFlag.ACK, 0, payload));
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }
}
