import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { KratosError } from "../../../errors/kratos-error.ts";
import { toStatusJson } from "../../../errors/status-json.ts";
import { Connection } from "./connection.ts";

/** What Node's parser says of bytes that are no HTTP. */
interface ClientError extends Error {
  readonly code?: string;
  readonly rawPacket?: Buffer;
}

/**
 * Answers what is no HTTP with an error in Kratos's shape, and closes the connection: 400, 408 for a head
 * that does not come, 414 and 431 for one that is longer than `maxHeaderBytes`.
 */
export function answerProtocolError(
  error: ClientError,
  socket: Socket,
  maxHeaderBytes: number,
): void {
  if (error.code === "ECONNRESET" || !socket.writable) {
    socket.destroy();
    return;
  }
  const [status, phrase, message] = describe(error, maxHeaderBytes);
  refuseSocket(socket, phrase, new KratosError(status, "CODEC", message));
}

/** Closes a connection on which something came that has no response, with an error in place of one. */
export function refuseSocket(socket: Duplex, phrase: string, error: KratosError): void {
  const { code: status, message } = error;
  // Node has let go of sockets that are to carry another protocol, errors included.
  socket.on("error", () => socket.destroy());
  const connection = Connection.of(socket as Socket);
  if (connection?.hasCalls === true) {
    connection.fail(status, message);
    return;
  }
  if (connection?.saidGoodbye === true) {
    connection.socket.destroySoon();
    return;
  }
  socket.end(errorMessage(phrase, error), () => socket.destroy());
}

/** How long, in milliseconds, what a refused client sends is still taken, so that it gets to read the answer. */
const lingerTime = 1000;

/**
 * Answers a connection on which nothing may be asked. What the client has sent meanwhile is thrown away for a
 * moment: closing at once would take the answer back.
 */
export function refuseConnection(socket: Socket, error: KratosError): void {
  socket.on("error", () => socket.destroy());
  const timer = setTimeout(() => socket.destroy(), lingerTime).unref();
  socket.once("close", () => clearTimeout(timer));
  socket.resume();
  socket.end(errorMessage("Service Unavailable", error));
}

function errorMessage(phrase: string, error: KratosError): string {
  const body = toStatusJson(error);
  return `HTTP/1.1 ${error.code} ${phrase}\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`;
}

function describe(
  error: ClientError,
  maxHeaderBytes: number,
): [status: number, phrase: string, message: string] {
  switch (error.code) {
    case "HPE_HEADER_OVERFLOW":
      return endsInRequestLine(error.rawPacket, maxHeaderBytes)
        ? [414, "URI Too Long", "the URL is too long"]
        : [431, "Request Header Fields Too Large", "the headers are too large"];
    case "ERR_HTTP_REQUEST_TIMEOUT":
      return [408, "Request Timeout", "the request did not come in time"];
    default:
      return [400, "Bad Request", "malformed HTTP request"];
  }
}

/** Whether the limit was reached before the first line had ended. */
function endsInRequestLine(packet: Buffer | undefined, maxHeaderBytes: number): boolean {
  if (packet === undefined || !/^[A-Z]+ /.test(packet.toString("latin1", 0, 16))) return false;
  const end = packet.indexOf("\r\n");
  return end < 0 || end >= maxHeaderBytes;
}
