import { findTimeout } from "../grpc/deadline.ts";

/** Those request headers that the transport itself looks at. */
export interface RequestHead {
  accept: string | undefined;
  contentType: string | undefined;
  contentEncoding: string | undefined;
  /** In bytes; undefined when the client did not say. */
  contentLength: number | undefined;
  /** How long the client waits, in milliseconds; `Infinity` when it did not say. */
  timeout: number;
}

/**
 * Picks the headers of interest out of Node's list of names and values, which costs less than having Node
 * make an object of all of them.
 */
export function readRequestHead(raw: readonly string[]): RequestHead {
  const head: RequestHead = {
    accept: undefined,
    contentType: undefined,
    contentEncoding: undefined,
    contentLength: undefined,
    timeout: Number.POSITIVE_INFINITY,
  };
  for (let index = 0; index < raw.length; index += 2) {
    const name = raw[index]!;
    switch (name.length) {
      case 6:
        if (name.toLowerCase() === "accept") {
          const value = raw[index + 1]!;
          head.accept = head.accept === undefined ? value : `${head.accept}, ${value}`;
        }
        break;
      case 12:
        readTwelve(head, name.toLowerCase(), raw[index + 1]!);
        break;
      case 14:
        if (name.toLowerCase() === "content-length") head.contentLength = Number(raw[index + 1]);
        break;
      case 16:
        readSixteen(head, name.toLowerCase(), raw[index + 1]!);
        break;
    }
  }
  return head;
}

function readTwelve(head: RequestHead, name: string, value: string): void {
  if (name === "content-type") head.contentType ??= value;
  else if (name === "grpc-timeout")
    head.timeout = Math.min(head.timeout, findTimeout(value) ?? Infinity);
}

function readSixteen(head: RequestHead, name: string, value: string): void {
  if (name === "content-encoding") {
    head.contentEncoding = value.trim().toLowerCase();
  } else if (name === "x-server-timeout" && /^\d{1,9}(?:\.\d{1,9})?$/.test(value)) {
    head.timeout = Math.min(head.timeout, Number(value) * 1000); // it is in seconds
  }
}
