import type { IncomingHttpHeaders } from "node:http";
import { findTimeout } from "../../deadline.ts";

/**
 * How long a client says that it waits, in milliseconds: `grpc-timeout`, or `x-server-timeout` in seconds,
 * the shorter of both. `Infinity` when it says nothing that can be read.
 */
export function findClientTimeout(headers: IncomingHttpHeaders): number {
  const grpc = headers["grpc-timeout"];
  const plain = headers["x-server-timeout"];
  if (grpc === undefined && plain === undefined) return Number.POSITIVE_INFINITY;
  const milliseconds = typeof grpc === "string" ? findTimeout(grpc) : undefined;
  return Math.min(milliseconds ?? Number.POSITIVE_INFINITY, fromSeconds(plain));
}

function fromSeconds(text: string | readonly string[] | undefined): number {
  return typeof text === "string" && /^\d{1,9}(?:\.\d{1,9})?$/.test(text)
    ? Number(text) * 1000
    : Number.POSITIVE_INFINITY;
}
