import { connect } from "node:net";
import type { LoadJob } from "./load.ts";

const preface = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
const frameHead = 9;
const frame = {
  data: 0,
  headers: 1,
  reset: 3,
  settings: 4,
  ping: 6,
  goaway: 7,
  window: 8,
} as const;
const flag = { ack: 1, endStream: 1, endHeaders: 4 } as const;
const settingInitialWindow = 4;
const largestWindow = 2 ** 31 - 1;
const defaultWindow = 65_535;
const refillAt = 2 ** 29;

/**
 * Keeps `job.pressure.streams` calls under way on one HTTP/2 connection until `end` on the clock of
 * `performance.now()`. Resolves to the number of answers. Only as much HTTP/2 as a constant call needs:
 * frames, our side of HPACK, windows, PING. What the server says in headers is not decoded: a good answer
 * is one with DATA, as an answer with an error has none.
 */
export function driveHttp2(job: LoadJob, end: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const socket = connect(job.port, "127.0.0.1");
    const requests = createRequests(job);
    const withData = new Set<number>();
    let answers = 0;
    let underWay = 0;
    let pending: Buffer | undefined;
    let unacknowledged = 0;
    let out: Buffer[] = [];

    const fail = (message: string): void => {
      reject(new Error(message));
      socket.destroy();
    };
    const send = (): void => {
      underWay += 1;
      out.push(requests.next());
    };

    const onFrame = (type: number, flags: number, stream: number, payload: Buffer): void => {
      if (type === frame.data) {
        withData.add(stream);
        unacknowledged += payload.length;
      } else if (type === frame.settings && (flags & flag.ack) === 0) {
        out.push(encodeFrame(frame.settings, flag.ack, 0, Buffer.alloc(0)));
      } else if (type === frame.ping && (flags & flag.ack) === 0) {
        out.push(encodeFrame(frame.ping, flag.ack, 0, Buffer.from(payload)));
      } else if (type === frame.reset || type === frame.goaway) {
        fail(`the server ended stream ${stream} with frame type ${type}`);
      }
      const ended =
        (type === frame.data || type === frame.headers) && (flags & flag.endStream) !== 0;
      if (!ended) return;
      if (!withData.delete(stream)) fail("the server answered without a message");
      answers += 1;
      underWay -= 1;
      if (performance.now() < end) send();
    };

    socket.setNoDelay(true);
    socket.on("error", reject);
    socket.on("close", () => reject(new Error("the server closed the connection")));
    socket.on("connect", () => {
      out.push(preface, openWindows());
      for (let i = 0; i < job.pressure.streams; i++) send();
      flush();
    });
    socket.on("data", (chunk: Buffer) => {
      const bytes = pending === undefined ? chunk : Buffer.concat([pending, chunk]);
      let at = 0;
      while (bytes.length - at >= frameHead) {
        const next = at + frameHead + bytes.readUIntBE(at, 3);
        if (next > bytes.length) break;
        const stream = bytes.readUInt32BE(at + 5) & largestWindow;
        onFrame(
          bytes.readUInt8(at + 3),
          bytes.readUInt8(at + 4),
          stream,
          bytes.subarray(at + frameHead, next),
        );
        at = next;
      }
      pending = at === bytes.length ? undefined : bytes.subarray(at);
      if (unacknowledged > refillAt) {
        out.push(encodeFrame(frame.window, 0, 0, uint32(unacknowledged)));
        unacknowledged = 0;
      }
      flush();
      if (underWay > 0) return;
      resolve(answers);
      socket.destroy();
    });

    function flush(): void {
      if (out.length === 0) return;
      socket.write(out.length === 1 ? (out[0] ?? preface) : Buffer.concat(out));
      out = [];
    }
  });
}

/** Calls on streams 1, 3, 5 …; after the first, whose headers fill the server's table, the bytes repeat. */
function createRequests({ port, work }: LoadJob): { next(): Buffer } {
  const fields: [string, string][] = [
    [":authority", `127.0.0.1:${port}`],
    ...Object.entries(work.headers),
  ];
  const start = Buffer.concat([
    Buffer.from([0x83, 0x86]), // :method POST, :scheme http
    literal(0x04, ":path", work.path),
  ]);
  const first = Buffer.concat([
    start,
    ...fields.map(([name, value]) => literal(0x40, name, value)),
  ]);
  // The newest entry of the dynamic table has index 62.
  const indexes = fields.map((_, index) => 0x80 | (62 + fields.length - 1 - index));
  const later = Buffer.concat([start, Buffer.from(indexes)]);
  const body = work.body ?? Buffer.alloc(0);
  let stream = -1;
  const build = (headers: Buffer): Buffer =>
    Buffer.concat([
      encodeFrame(frame.headers, flag.endHeaders, 0, headers),
      encodeFrame(frame.data, flag.endStream, 0, body),
    ]);
  const template = build(later);
  return {
    next() {
      stream += 2;
      const isFirst = stream === 1;
      const bytes = isFirst ? build(first) : Buffer.from(template);
      bytes.writeUInt32BE(stream, 5);
      bytes.writeUInt32BE(stream, frameHead + (isFirst ? first : later).length + 5);
      return bytes;
    },
  };
}

/** A field in HPACK without Huffman coding. `kind` 0x40 adds it to the table; 0x04 is `:path`, not added. */
function literal(kind: number, name: string, value: string): Buffer {
  const nameBytes = kind === 0x40 ? [Buffer.from([name.length]), Buffer.from(name)] : [];
  if (name.length > 126 || value.length > 126) throw new Error(`"${name}" is too long a header`);
  return Buffer.concat([
    Buffer.from([kind]),
    ...nameBytes,
    Buffer.from([value.length]),
    Buffer.from(value),
  ]);
}

/** SETTINGS and WINDOW_UPDATE that let the server send without waiting. */
function openWindows(): Buffer {
  const settings = Buffer.alloc(6);
  settings.writeUInt16BE(settingInitialWindow);
  settings.writeUInt32BE(largestWindow, 2);
  return Buffer.concat([
    encodeFrame(frame.settings, 0, 0, settings),
    encodeFrame(frame.window, 0, 0, uint32(largestWindow - defaultWindow)),
  ]);
}

function encodeFrame(type: number, flags: number, stream: number, payload: Uint8Array): Buffer {
  const bytes = Buffer.alloc(frameHead + payload.length);
  bytes.writeUIntBE(payload.length, 0, 3);
  bytes.writeUInt8(type, 3);
  bytes.writeUInt8(flags, 4);
  bytes.writeUInt32BE(stream, 5);
  bytes.set(payload, frameHead);
  return bytes;
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
