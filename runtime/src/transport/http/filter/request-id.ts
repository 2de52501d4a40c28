import { randomUUID } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { Logger } from "../../../log/logger.ts";
import type { HttpFilter } from "./filter.ts";

/** How requests get an ID. */
export interface RequestIdOptions {
  /** The header that holds it. Default: `X-Request-Id`. */
  readonly header?: string | undefined;
}

/** The name of the header; empty: requests get no ID. */
export function completeRequestId(options: boolean | RequestIdOptions | undefined): string {
  if (options === undefined || options === false) return "";
  return (options === true ? undefined : options.header) ?? "X-Request-Id";
}

/**
 * A filter that gives each request an ID in the header `name`, as if it had come with it, and sends it back.
 * One that is too long, or is no plain text, is replaced: it would end up in logs.
 */
export function assignRequestId(name: string): HttpFilter {
  const key = name.toLowerCase();
  return (next) => (request, response) => {
    const given = request.headers[key];
    let id: string;
    if (typeof given === "string" && /^[\w.:=+/@-]{1,128}$/.test(given)) {
      id = given;
    } else {
      id = randomUUID();
      request.headers[key] = id;
      replaceRaw(request.rawHeaders, name, id);
    }
    response.setHeader(name, id);
    return next(request, response);
  };
}

/** The logger of a call: with the ID of its request, where the server gives it one. */
export function callLogger(
  logger: Logger,
  requestIdHeader: string,
  request: IncomingMessage,
): Logger {
  if (requestIdHeader === "") return logger;
  return logger.child({ request_id: request.headers[requestIdHeader.toLowerCase()] });
}

function replaceRaw(raw: string[], name: string, value: string): void {
  for (let index = raw.length - 2; index >= 0; index -= 2) {
    if (raw[index]!.toLowerCase() === name.toLowerCase()) raw.splice(index, 2);
  }
  raw.push(name, value);
}
