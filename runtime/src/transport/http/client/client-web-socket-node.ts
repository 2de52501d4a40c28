import type { ClientRequest, IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import { WebSocket } from "ws";
import { tooLate } from "../../abort-error.ts";
import { HeaderMap } from "../header-map.ts";
import { NodeWebSocketLink } from "../stream/web-socket-node.ts";
import { addServerTimeout } from "./client-headers.ts";
import { ConnectionWatch } from "./client-node-connection.ts";
import { NodeReply } from "./client-node-reply.ts";
import { SendError } from "./client-sender.ts";
import { startTimer } from "./client-timer.ts";
import { toTlsSettings } from "./client-tls.ts";
import {
  type WebSocketConnector,
  WebSocketReply,
  type WebSocketRequest,
} from "./client-web-socket-connector.ts";

/** Milliseconds that a server has to answer a goodbye; the call is over, and the process may wait to end. */
const goodbye = { closeTimeout: 2000 };

/**
 * Opens a WebSocket in Node. Bundlers for browsers read this file, too, so what only Node has is asked for at run
 * time.
 */
export const connectWebSocket: WebSocketConnector = (request, call, events) =>
  new Promise((resolve, reject) => {
    const { origin, tls, limit, timeout, heartbeat, connectTimeout } = request;
    let connection: ConnectionWatch | undefined;
    let header = new HeaderMap();
    const socket = new WebSocket(toAddress(request), {
      ...toTlsSettings(tls ?? {}),
      ...toSocketSettings(request),
      headers: toHandshakeHeaders(request),
      maxPayload: limit,
      perMessageDeflate: false,
      ...goodbye,
      finishRequest: (handshake: ClientRequest) => {
        connection = new ConnectionWatch(handshake, connectTimeout);
        handshake.end();
      },
    });
    let settled = false;
    const settle = () => {
      connection?.end();
      // What comes later must not touch the attempt that follows.
      if (!settled) call.onAbort(undefined);
      settled = true;
    };
    const giveUp = (reason: Error) => {
      settle();
      clearTimeout(timer);
      reject(reason);
      socket.terminate();
    };
    // Of a limit of its own "ws" takes note only while nothing comes at all.
    const timer = startTimer(timeout, () => {
      const message = `cannot reach "${origin}": no WebSocket was open within ${timeout} ms`;
      giveUp(tooLate(message));
    });
    socket.on("upgrade", ({ rawHeaders }: IncomingMessage) => {
      header = HeaderMap.fromRaw(rawHeaders);
    });
    socket.on("open", () => {
      settle();
      clearTimeout(timer);
      // At once: messages may follow closely.
      resolve(new WebSocketReply(header, new NodeWebSocketLink(socket, events, heartbeat)));
    });
    socket.on("unexpected-response", (handshake, response) => {
      settle();
      // The timer goes on: an answer may take as long as the WebSocket might have.
      response.once("close", () => {
        clearTimeout(timer);
        socket.terminate();
      });
      resolve(new NodeReply(handshake, response, process.getBuiltinModule("node:zlib"), call));
    });
    socket.on("error", (cause) => {
      settle();
      clearTimeout(timer);
      reject(new SendError(connection?.connected === true ? "unknown" : "unreachable", cause));
    });
    call.onAbort(() => giveUp(new SendError("unknown", new Error("the call was aborted"))));
  });

function toAddress({ origin, path }: WebSocketRequest): string {
  const base = origin.startsWith("unix:") ? "ws://localhost" : origin.replace(/^http/i, "ws");
  return base + path;
}

/** In an address of "ws" the path of a Unix socket could hold neither colons nor blanks. */
function toSocketSettings({ origin, openConnection }: WebSocketRequest): {
  createConnection?: () => Socket;
} {
  if (openConnection !== undefined) return { createConnection: openConnection };
  if (!origin.startsWith("unix:")) return {};
  const { connect } = process.getBuiltinModule("node:net");
  return { createConnection: () => connect(origin.slice("unix:".length)) };
}

function toHandshakeHeaders({
  headers,
  deadline,
}: WebSocketRequest): Record<string, string | string[]> {
  const all = [...headers];
  addServerTimeout(all, deadline);
  const groups = new Map<string, string | string[]>();
  for (let index = 0; index < all.length; index += 2) {
    const name = all[index]!;
    // What passes on what it got may hold those of another handshake.
    if (name === "host" || name.startsWith("sec-websocket-")) continue;
    const value = all[index + 1]!;
    const present = groups.get(name);
    groups.set(name, present === undefined ? value : [present, value].flat());
  }
  return Object.fromEntries(groups);
}
