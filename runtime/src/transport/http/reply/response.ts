import type { ServerResponse } from "node:http";
import type { KratosError } from "../../../errors/kratos-error.ts";
import { isConnectionHeader } from "../../connection-header.ts";
import { breakOff } from "./break-off.ts";
import { Connection } from "../listener/connection.ts";
import type { Envelope } from "./envelope.ts";
import { encodeError } from "./error-reply.ts";
import { HeaderMap } from "../header-map.ts";

/** What a server does with connections after a response. */
export interface KeepAlive {
  /** Connections are to be closed after the replies that are due. */
  draining: boolean;
  /** The value of the `Keep-Alive` header, which tells clients when an idle connection is closed. */
  readonly keepAlive: string;
}

/** What a server does with all responses. */
export interface ResponseSettings extends KeepAlive {
  readonly envelope: Envelope | undefined;
}

/**
 * Sends a whole response at once, unless one was begun already. `header` is what a handler wants to add; `encoding` that of the body, if it
 * has one that the handler does not know of.
 */
export function sendReply(
  response: ServerResponse,
  status: number,
  contentType: string,
  body: string | Uint8Array,
  header: HeaderMap | undefined,
  settings: KeepAlive,
  encoding?: string,
): void {
  if (response.headersSent) return; // a filter has answered meanwhile
  const length = typeof body === "string" ? Buffer.byteLength(body) : body.length;
  // Names and values in turn: what Node reads without making anything of it first.
  const fields = ["Content-Type", contentType, "Content-Length", String(length)];
  if (encoding !== undefined) fields.push("Content-Encoding", encoding);
  if (header !== undefined) appendHeader(fields, header, response);
  appendConnection(fields, response, settings);
  response.writeHead(status, fields);
  // Text that is all ASCII goes out as it lies in memory.
  if (length === body.length) response.end(body, "latin1");
  else response.end(body);
}

/** Whether an answer has no body, and nothing that describes one. */
export function isBodiless(status: number): boolean {
  return status === 204 || status === 205 || status === 304;
}

/** The same as {@link sendReply} for a status that {@link isBodiless}. */
export function sendBodiless(
  response: ServerResponse,
  status: number,
  header: HeaderMap | undefined,
  settings: KeepAlive,
): void {
  if (response.headersSent) return;
  const fields = ["Content-Type", ""];
  if (header !== undefined) appendHeader(fields, header, response);
  // Of a 205 the client would wait for the end otherwise; https://www.rfc-editor.org/rfc/rfc9110#section-15.3.6
  if (status === 205) fields.push("Content-Length", "0");
  appendConnection(fields, response, settings);
  response.writeHead(status, fields.slice(2)).end();
}

/** Says what becomes of the connection. */
function appendConnection(
  fields: string[],
  response: ServerResponse,
  { draining, keepAlive }: KeepAlive,
): void {
  if (draining) {
    const { socket } = response.req;
    if (Connection.of(socket)?.closesAfter(response) !== false) fields.push("Connection", "close");
  } else if (keepAlive !== "" && response.shouldKeepAlive) fields.push("Keep-Alive", keepAlive);
}

/**
 * Sends an error in Kratos's shape, or in that of the server's envelope. An answer that has begun cannot become
 * another one: it is broken off, so that the client sees that it is not whole.
 */
export function sendError(
  response: ServerResponse,
  error: KratosError,
  header: HeaderMap | undefined,
  settings: ResponseSettings,
): void {
  if (response.headersSent) {
    if (!response.writableEnded) breakOff(response);
    return;
  }
  const rest = header && withoutBodyFields(header);
  const encoded = encodeError(error, response.req, rest, settings.envelope);
  const { status, body } = encoded;
  try {
    sendReply(response, status, "application/json", body, encoded.header, settings);
  } catch {
    // Over HTTP/2, Node finds out only now what may not be sent, such as a second "ETag".
    for (const name of response.getHeaderNames()) response.removeHeader(name);
    sendReply(response, status, "application/json", body, undefined, settings);
  }
}

/** What a handler has said of a body that it failed to make. */
const bodyFields: readonly string[] = [
  "content-disposition",
  "content-encoding",
  "content-language",
  "content-range",
  "content-type",
  "etag",
  "last-modified",
];

function withoutBodyFields(header: HeaderMap): HeaderMap {
  const rest = new HeaderMap();
  for (const [name, values] of header.entries()) {
    if (bodyFields.includes(name)) continue;
    for (const value of values) rest.add(name, value);
  }
  return rest;
}

/** Adds what a handler wants to add; of a content type, the last counts. */
export function appendHeader(fields: string[], header: HeaderMap, response: ServerResponse): void {
  for (const [name, values] of header.entries()) {
    switch (name) {
      case "content-type":
        fields[1] = values.at(-1)!;
        break;
      case "content-length":
        break; // what the message on the wire is like is this package's business
      case "vary":
        // What a filter has said stays true, and would be replaced.
        for (const value of [response.getHeader(name) ?? [], values].flat()) {
          fields.push(name, String(value));
        }
        break;
      default:
        if (isConnectionHeader(name)) break;
        for (const value of values) fields.push(name, value);
    }
  }
}
