import { connect } from "node:net";
import type { LoadJob } from "./load.ts";

const headEnd = "\r\n\r\n";
const lastChunk = Buffer.from("0\r\n\r\n");

/**
 * Sends the job's request on one connection, again as soon as it is answered, until `end` on the clock
 * of `performance.now()`. Resolves to the number of answers; rejects at the first that is not a 2xx.
 */
export function driveHttp1(job: LoadJob, end: number): Promise<number> {
  const request = encodeRequest(job);
  return new Promise((resolve, reject) => {
    const socket = connect(job.port, "127.0.0.1");
    let answers = 0;
    let pending: Buffer | undefined;
    socket.setNoDelay(true);
    socket.on("connect", () => socket.write(request));
    socket.on("error", reject);
    socket.on("close", () => reject(new Error("the server closed the connection")));
    socket.on("data", (chunk: Buffer) => {
      const bytes = pending === undefined ? chunk : Buffer.concat([pending, chunk]);
      let answered: boolean;
      try {
        answered = isAnswered(bytes);
      } catch (error) {
        socket.destroy();
        reject(error as Error);
        return;
      }
      pending = answered ? undefined : bytes;
      if (!answered) return;
      answers += 1;
      if (performance.now() < end) {
        socket.write(request);
      } else {
        resolve(answers);
        socket.destroy();
      }
    });
  });
}

function encodeRequest({ port, work }: LoadJob): Buffer {
  const lines = [`${work.method} ${work.path} HTTP/1.1`, `Host: 127.0.0.1:${port}`];
  for (const [name, value] of Object.entries(work.headers)) lines.push(`${name}: ${value}`);
  if (work.body !== undefined) lines.push(`Content-Length: ${work.body.length}`);
  return Buffer.concat([Buffer.from(lines.join("\r\n") + headEnd), work.body ?? Buffer.alloc(0)]);
}

/** Whether `bytes` hold the whole answer. Throws when it is not a 2xx. */
function isAnswered(bytes: Buffer): boolean {
  const headLength = bytes.indexOf(headEnd);
  if (headLength < 0) return false;
  const head = bytes.toString("latin1", 0, headLength);
  if (!head.startsWith("HTTP/1.1 2")) throw new Error(`unexpected answer: ${head}`);
  const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
  if (length !== undefined) return bytes.length >= headLength + headEnd.length + Number(length);
  return bytes.subarray(-lastChunk.length).equals(lastChunk); // chunked
}
