import { connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { headersTimeout, idleTimeout } from "./settings.ts";

/** How attackers were answered: how many by status; 0 for those that were cut off. */
export type Outcome = ReadonlyMap<number, number>;

/** One way to do harm. */
export interface Attack {
  readonly title: string;
  /** What is expected, for the reader. */
  readonly expected: string;
  /** `onPeak` is called when the load is at its height. */
  run(port: number, onPeak: () => Promise<void>): Promise<Outcome>;
}

const crowd = 10_000;
const slow = 2000;

/** Everything that is tried. */
export const attacks: readonly Attack[] = [
  {
    title: `${slow} clients that send a byte of a header now and then`,
    expected: `408 after ${headersTimeout} ms, however many bytes came`,
    async run(port, onPeak) {
      const sockets = await openAll(port, slow);
      for (const socket of sockets) socket.write("GET /v1 HTTP/1.1\r\nHost: t\r\nX-A: ");
      const drip = setInterval(() => {
        for (const socket of sockets) if (socket.writable) socket.write("a");
      }, 200);
      const answers = sockets.map(readStatus);
      await onPeak();
      const outcome = count(await Promise.all(answers));
      clearInterval(drip);
      return outcome;
    },
  },
  {
    title: "500 requests with headers of 64 KiB, in turns of 20",
    expected: "431",
    run: (port, onPeak) => {
      const head = `GET /v1 HTTP/1.1\r\nHost: t\r\nX-A: ${"a".repeat(64 * 1024)}\r\n\r\n`;
      return sendInTurns(port, 500, 20, head, onPeak);
    },
  },
  {
    title: "100 bodies of 8 MiB, in turns of 10, where 4 MiB may be",
    expected: "413",
    run: (port, onPeak) => {
      const body = Buffer.alloc(8 * 1024 * 1024, 0x20);
      const head = `POST /v1 HTTP/1.1\r\nHost: t\r\nConnection: close\r\nContent-Length: ${body.length}\r\n\r\n`;
      return sendInTurns(port, 100, 10, Buffer.concat([Buffer.from(head), body]), onPeak);
    },
  },
  {
    title: "100 bodies of 8 MiB in chunks, in turns of 10, where 4 MiB may be",
    expected: "413",
    run: (port, onPeak) => {
      const chunk = Buffer.concat([
        Buffer.from("10000\r\n"),
        Buffer.alloc(0x10000, 0x20),
        Buffer.from("\r\n"),
      ]);
      const head = Buffer.from(
        "POST /v1 HTTP/1.1\r\nHost: t\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n",
      );
      const chunks = Array.from({ length: 128 }, () => chunk);
      const request = Buffer.concat([head, ...chunks, Buffer.from("0\r\n\r\n")]);
      return sendInTurns(port, 100, 10, request, onPeak);
    },
  },
  {
    title: "100 forms with 10 000 parameters, in turns of 10",
    expected: "400, since 1000 parameters may be",
    run: (port, onPeak) => {
      const body = Array.from({ length: 10_000 }, (_, index) => `metadata[k${index}]=v`).join("&");
      const head = `POST /v1 HTTP/1.1\r\nHost: t\r\nConnection: close\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: ${body.length}\r\n\r\n`;
      return sendInTurns(port, 100, 10, head + body, onPeak);
    },
  },
  {
    title: "100 URLs with 10 000 query parameters, in turns of 10",
    expected: "414, since a head may have 16 KiB",
    run: (port, onPeak) => {
      const query = Array.from({ length: 10_000 }, (_, index) => `k${index}=v`).join("&");
      const request = `GET /v1?${query} HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n`;
      return sendInTurns(port, 100, 10, request, onPeak);
    },
  },
  {
    title: `${crowd} connections that say nothing`,
    expected: `408 after ${headersTimeout} ms`,
    async run(port, onPeak) {
      const sockets = await openAll(port, crowd);
      const answers = sockets.map(readStatus);
      await onPeak();
      return count(await Promise.all(answers));
    },
  },
  {
    title: `${crowd} connections that ask once and stay`,
    expected: `200, then closed after ${idleTimeout} ms`,
    async run(port, onPeak) {
      const answers: Promise<number>[] = [];
      const replied: Promise<unknown>[] = [];
      await openAll(port, crowd, (socket) => {
        answers.push(readStatus(socket));
        replied.push(new Promise((resolve) => socket.once("data", resolve)));
        socket.write("GET /v1 HTTP/1.1\r\nHost: t\r\n\r\n");
      });
      await Promise.all(replied);
      await onPeak();
      return count(await Promise.all(answers));
    },
  },
];

/** Opens connections a few at a time, as the kernel's queue takes them. */
async function openAll(
  port: number,
  number: number,
  onOpen: (socket: Socket) => void = () => undefined,
): Promise<readonly Socket[]> {
  const sockets: Socket[] = [];
  while (sockets.length < number) {
    const more = Array.from({ length: Math.min(100, number - sockets.length) }, () => open(port));
    const opened = await Promise.all(more); // oxlint-disable-line no-await-in-loop -- in turns
    opened.forEach(onOpen);
    sockets.push(...opened);
  }
  return sockets;
}

function open(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: "127.0.0.1" }, () => resolve(socket));
    socket.once("error", reject);
  });
}

/** The status of the first answer, once the server has closed the connection. */
function readStatus(socket: Socket): Promise<number> {
  return new Promise((resolve) => {
    let head = "";
    socket.on("data", (chunk) => {
      if (head.length < 12) head += chunk.toString("latin1", 0, 12);
    });
    socket.on("error", () => undefined);
    socket.once("close", () => resolve(Number(/^HTTP\/1\.1 (\d{3})/.exec(head)?.[1] ?? 0)));
  });
}

async function sendInTurns(
  port: number,
  number: number,
  atOnce: number,
  request: string | Buffer,
  onPeak: () => Promise<void>,
): Promise<Outcome> {
  const statuses: number[] = [];
  for (let turn = 0; turn < number / atOnce; turn++) {
    const sent = Array.from({ length: atOnce }, async () => {
      const socket = await open(port);
      const status = readStatus(socket);
      socket.write(request);
      return status;
    });
    statuses.push(...(await Promise.all(sent))); // oxlint-disable-line no-await-in-loop -- in turns
    await sleep(1); // oxlint-disable-line no-await-in-loop -- as above
  }
  await onPeak();
  return count(statuses);
}

function count(statuses: readonly number[]): Outcome {
  const counts = new Map<number, number>();
  for (const status of statuses) counts.set(status, (counts.get(status) ?? 0) + 1);
  return counts;
}
