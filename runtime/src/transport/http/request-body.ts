import type { IncomingMessage } from "node:http";
import { gunzip } from "node:zlib";
import { KratosError } from "../../errors/kratos-error.ts";
import { bindingError } from "./binding-error.ts";

/** Takes the body, or what is wrong with it; called once, or never when the client goes away. */
export type BodyReceiver = (error: KratosError | undefined, bytes: Buffer) => void;

/** What is read and thrown away beyond the limit before the connection is cut. */
const maxDiscardedBytes = 16 * 1024 * 1024;

/** Reads a body of at most `limit` bytes, before and after decompression; a longer one is 413. */
export function readBody(request: IncomingMessage, limit: number, receive: BodyReceiver): void {
  const contentEncoding = request.headers["content-encoding"]?.trim().toLowerCase();
  if (Number(request.headers["content-length"]) > limit) {
    refuse(request, tooLarge(limit), receive);
    return;
  }
  const done =
    contentEncoding === undefined || contentEncoding === "identity" || contentEncoding === ""
      ? (bytes: Buffer) => receive(undefined, bytes)
      : contentEncoding === "gzip" || contentEncoding === "x-gzip"
        ? (bytes: Buffer) => inflate(bytes, limit, receive)
        : undefined;
  if (done === undefined) {
    const message = `content encoding "${contentEncoding}" is not supported, use "gzip" or none`;
    refuse(request, new KratosError(415, "CODEC", message), receive);
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
      refuse(request, tooLarge(limit), receive);
    } else if (first === undefined) {
      first = chunk;
    } else {
      chunks ??= [first];
      chunks.push(chunk);
    }
  }

  function onEnd(): void {
    done!(chunks === undefined ? (first ?? empty) : Buffer.concat(chunks, size));
  }
}

const empty = Buffer.alloc(0);

// A client sees an answer only if it can finish sending, so the rest of the body is read, within limits.
function refuse(request: IncomingMessage, error: KratosError, receive: BodyReceiver): void {
  let discarded = 0;
  request.on("data", (chunk: Buffer) => {
    discarded += chunk.length;
    if (discarded > maxDiscardedBytes) request.socket.destroy();
  });
  receive(error, empty);
}

function inflate(bytes: Buffer, limit: number, receive: BodyReceiver): void {
  if (bytes.length === 0) return receive(undefined, bytes);
  gunzip(bytes, { maxOutputLength: limit }, (error, inflated) => {
    if (error === null) receive(undefined, inflated);
    else if ("code" in error && error.code === "ERR_BUFFER_TOO_LARGE")
      receive(tooLarge(limit), empty);
    else receive(bindingError(`the body is not gzip: ${error.message}`, error), empty);
  });
}

function tooLarge(limit: number): KratosError {
  return new KratosError(413, "BODY_TOO_LARGE", `the body is larger than ${limit} bytes`);
}
