import type { ServerResponse } from "node:http";
import { KratosError } from "../../../errors/kratos-error.ts";
import { toStatusJson } from "../../../errors/status-json.ts";
import { EventStreamCall } from "./event-stream-call.ts";
import { HandWrittenCall } from "./hand-written-call.ts";
import type { CallHost, ServerCallParts } from "./server-call.ts";
import { UnaryCall } from "./unary-call.ts";
import { UpgradeResponse } from "../listener/upgrade.ts";
import { UploadCall } from "./upload-call.ts";
import { WebSocketCall } from "./web-socket-call.ts";

/** Begins the call of a request. */
export function runCall(host: CallHost, parts: ServerCallParts, response: ServerResponse): void {
  const { kind } = parts.route;
  if (kind === "unary") new UnaryCall(host, parts, response).run();
  else if (kind === "serverStreaming") new EventStreamCall(host, parts, response).run();
  else if (kind === "handWritten") new HandWrittenCall(host, parts, response).run();
  else if (parts.route.rpc !== undefined) parts.route.rpc.run(host, parts.request, response);
  else if (host.webSockets !== undefined && response instanceof UpgradeResponse) {
    new WebSocketCall(host, parts, response, host.webSockets).run();
  } else if (kind === "clientStreaming" && takesBody(parts.request.method!)) {
    new UploadCall(host, parts, response).run();
  } else {
    requireUpgrade(parts.route.operation, response);
  }
}

/** Answers 426 to a plain request for what only a WebSocket can do. */
export function requireUpgrade(operation: string, response: ServerResponse): void {
  const message = `"${operation}" streams over a WebSocket, open one at this path`;
  const body = toStatusJson(new KratosError(426, "UPGRADE_REQUIRED", message));
  const fields = ["Content-Type", "application/json", "Content-Length"];
  fields.push(String(Buffer.byteLength(body)));
  // HTTP/2 knows no such headers.
  if (response.req.httpVersionMajor === 1) {
    const connection = response.shouldKeepAlive ? "Upgrade" : "Upgrade, close";
    fields.push("Upgrade", "websocket", "Connection", connection);
  }
  response.writeHead(426, fields).end(body);
}

function takesBody(method: string): boolean {
  return method !== "GET" && method !== "HEAD" && method !== "DELETE";
}
