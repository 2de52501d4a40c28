import { type IncomingMessage, type Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { Connection } from "./connection.ts";

/** What is kept of frames that come before the hand-shake is answered, which no client should send. */
const maxHeadBytes = 64 * 1024;

/** The answer to a request for a WebSocket, until one is opened: any other answer closes the connection. */
export class UpgradeResponse extends ServerResponse {
  readonly #socket: Socket;
  #head: Buffer;

  /** `head` came behind the request. */
  constructor(request: IncomingMessage, socket: Socket, head: Buffer) {
    super(request);
    this.#socket = socket;
    this.#head = head;
    this.shouldKeepAlive = false;
    // Node has let go of the socket, errors included.
    socket.on("error", () => socket.destroy());
    // Only who reads learns that the client has gone.
    socket.on("data", this.#keep);
    socket.on("end", this.#lose);
    this.assignSocket(socket);
    this.on("finish", () => socket.destroySoon());
  }

  /** Gives the connection away, with what came over it; nothing can be answered any more. */
  release(): { readonly socket: Socket; readonly head: Buffer } {
    const socket = this.#socket;
    socket.off("data", this.#keep);
    socket.off("end", this.#lose);
    if (socket.isPaused()) socket.resume();
    this.detachSocket(socket);
    Connection.of(socket)?.handOver();
    return { socket, head: this.#head };
  }

  readonly #keep = (bytes: Buffer): void => {
    this.#head = Buffer.concat([this.#head, bytes]);
    if (this.#head.length > maxHeadBytes) this.#socket.pause();
  };

  readonly #lose = (): void => {
    this.#socket.destroy();
  };
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
