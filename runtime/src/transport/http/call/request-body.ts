import type { IncomingMessage } from "node:http";
import type { KratosError } from "../../../errors/kratos-error.ts";
import { bodyTooLarge, findUnpacker, type Unpacker } from "../content/decompression.ts";

/** Takes the body, or what is wrong with it; called once, or never when the client goes away. */
export type BodyReceiver = (error: KratosError | undefined, bytes: Buffer) => void;

/** What is read and thrown away beyond the limit before the connection is cut. */
const maxDiscardedBytes = 16 * 1024 * 1024;

/** Milliseconds of silence after which a client waits for its answer, and sends no more. */
const lingerTime = 100;

/** Reads a body of at most `limit` bytes, before and after decompression; a longer one is 413. */
export function readBody(request: IncomingMessage, limit: number, receive: BodyReceiver): void {
  const contentEncoding = request.headers["content-encoding"];
  if (Number(request.headers["content-length"]) > limit) {
    refuse(request, bodyTooLarge(limit), receive);
    return;
  }
  let unpack: Unpacker | undefined;
  try {
    unpack = findUnpacker(contentEncoding);
  } catch (error) {
    refuse(request, error as KratosError, receive);
    return;
  }

  let first: Buffer | undefined;
  let chunks: Buffer[] | undefined;
  let size = 0;
  request.on("data", onData);
  request.on("end", onEnd);

  function onData(chunk: Buffer): void {
    size += chunk.length;
    if (size > limit) {
      request.off("data", onData);
      request.off("end", onEnd);
      refuse(request, bodyTooLarge(limit), receive);
    } else if (first === undefined) {
      first = chunk;
    } else {
      chunks ??= [first];
      chunks.push(chunk);
    }
  }

  function onEnd(): void {
    const bytes = chunks === undefined ? (first ?? empty) : Buffer.concat(chunks, size);
    if (unpack === undefined) receive(undefined, bytes);
    else unpack(bytes, limit, receive);
  }
}

const empty = Buffer.alloc(0);

/**
 * A client sees an answer only if it can finish sending, so the rest of the body is read, within limits. Node
 * closes a connection that is not kept as soon as the answer is out, and what still comes in then takes the
 * answer back: there the answer waits until the client has sent all, or falls silent.
 */
function refuse(request: IncomingMessage, error: KratosError, receive: BodyReceiver): void {
  let discarded = 0;
  let silence: NodeJS.Timeout | undefined;
  request.on("data", (chunk: Buffer) => {
    discarded += chunk.length;
    if (discarded > maxDiscardedBytes) request.socket.destroy();
    silence?.refresh();
  });
  if (request.headers.connection?.toLowerCase() !== "close") {
    receive(error, empty);
    return;
  }
  const answer = () => {
    clearTimeout(silence);
    silence = undefined;
    request.off("end", answer);
    receive(error, empty);
  };
  silence = setTimeout(answer, lingerTime).unref();
  request.once("end", answer);
}
