import { type IncomingMessage, type Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";

/** The answer to a request for a WebSocket, until one is opened: any other answer closes the connection. */
export class UpgradeResponse extends ServerResponse {
  /** What came behind the request. */
  readonly head: Buffer;
  readonly #socket: Socket;

  constructor(request: IncomingMessage, socket: Socket, head: Buffer) {
    super(request);
    this.head = head;
    this.#socket = socket;
    this.shouldKeepAlive = false;
    // Node has let go of the socket, errors included.
    socket.on("error", () => socket.destroy());
    this.assignSocket(socket);
    this.on("finish", () => socket.destroySoon());
  }

  /** Gives the connection away; nothing can be answered any more. */
  release(): Socket {
    this.detachSocket(this.#socket);
    return this.#socket;
  }
}

/** Whether a request that asks for another protocol asks for this one. */
export function asksForWebSocket(request: IncomingMessage): boolean {
  return request.headers.upgrade?.trim().toLowerCase() === "websocket";
}

/** Whether a response on this connection is not complete, so that it can become nothing else. */
export function isAnswering(socket: Socket): boolean {
  return Boolean((socket as { _httpMessage?: unknown })._httpMessage);
}

/**
 * Reads a request once more, as one that asks for no other protocol: Node takes the connection away from HTTP
 * as soon as any other is asked for, and RFC 9110, section 7.8, wants a plain answer then.
 */
export function readAnew(
  server: Server,
  event: "connection" | "secureConnection",
  request: IncomingMessage,
  socket: Socket,
  head: Buffer,
): void {
  const lines = [`${request.method} ${request.url} HTTP/${request.httpVersion}`];
  const { rawHeaders } = request;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index]!;
    let value = rawHeaders[index + 1]!;
    if (/^(?:upgrade|http2-settings)$/i.test(name)) continue;
    if (/^connection$/i.test(name)) {
      const options = value.split(",").map((option) => option.trim());
      value = options.filter((option) => !/^(?:upgrade|http2-settings)$/i.test(option)).join(", ");
      if (value === "") continue;
    }
    lines.push(`${name}: ${value}`);
  }
  const text = Buffer.from(`${lines.join("\r\n")}\r\n\r\n`, "latin1");
  socket.unshift(Buffer.concat([text, head]));
  server.emit(event, socket);
}
