import type { ServerResponse } from "node:http";
import { Connection } from "../listener/connection.ts";
import type { HeaderMap } from "../header-map.ts";
import { appendHeader, type KeepAlive } from "./response.ts";

/**
 * Sends the head of a response that is made while it is sent, of `length` bytes if that is known. Nothing on its
 * way may keep or collect it, unless the handler says so.
 */
export function sendStreamHead(
  response: ServerResponse,
  contentType: string,
  header: HeaderMap | undefined,
  { draining }: KeepAlive,
  length?: number,
): void {
  const fields = ["Content-Type", contentType];
  if (length !== undefined) fields.push("Content-Length", String(length));
  if (header?.get("cache-control") === undefined) fields.push("Cache-Control", "no-cache");
  if (header?.get("x-accel-buffering") === undefined) fields.push("X-Accel-Buffering", "no");
  if (header !== undefined) appendHeader(fields, header, response);
  if (draining && Connection.of(response.req.socket)?.closesAfter(response) !== false) {
    fields.push("Connection", "close");
  }
  response.writeHead(200, fields);
}
