import type { ServerResponse } from "node:http";
import { Connection } from "./connection.ts";
import type { HeaderMap } from "./header-map.ts";
import { appendHeader, type KeepAlive } from "./response.ts";

/** Sends the head of a response whose length nobody knows; nothing on its way may keep or collect it. */
export function sendStreamHead(
  response: ServerResponse,
  contentType: string,
  header: HeaderMap | undefined,
  { draining }: KeepAlive,
): void {
  const fields = ["Content-Type", contentType];
  if (header?.get("cache-control") === undefined) fields.push("Cache-Control", "no-cache");
  if (header?.get("x-accel-buffering") === undefined) fields.push("X-Accel-Buffering", "no");
  if (header !== undefined) appendHeader(fields, header, response);
  if (draining && Connection.of(response.req.socket)?.closesAfter(response) !== false) {
    fields.push("Connection", "close");
  }
  response.writeHead(200, fields);
}
