import { maxHeaderSize } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { KratosError } from "../../errors/kratos-error.ts";
import { toStatusJson } from "../../errors/status-json.ts";
import { Connection } from "./connection.ts";

/** What Node's parser says of bytes that are no HTTP. */
interface ClientError extends Error {
  readonly code?: string;
  readonly rawPacket?: Buffer;
}

/**
 * Answers what is no HTTP with an error in Kratos's shape, and closes the connection: 400, 408 for a head
 * that does not come, 414 and 431 for one that is too long.
 */
export function answerProtocolError(error: ClientError, socket: Socket): void {
  if (error.code === "ECONNRESET" || !socket.writable) {
    socket.destroy();
    return;
  }
  const [status, phrase, message] = describe(error);
  refuseSocket(socket, phrase, new KratosError(status, "CODEC", message));
}

/** Closes a connection on which something came that has no response, with an error in place of one. */
export function refuseSocket(socket: Duplex, phrase: string, error: KratosError): void {
  const { code: status, message } = error;
  const connection = Connection.of(socket as Socket);
  if (connection?.hasCalls === true) {
    connection.fail(status, message);
    return;
  }
  const body = toStatusJson(error);
  const head = `HTTP/1.1 ${status} ${phrase}\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n`;
  socket.end(head + body, () => socket.destroy());
}

function describe(error: ClientError): [status: number, phrase: string, message: string] {
  switch (error.code) {
    case "HPE_HEADER_OVERFLOW":
      return endsInRequestLine(error.rawPacket)
        ? [414, "URI Too Long", "the URL is too long"]
        : [431, "Request Header Fields Too Large", "the headers are too large"];
    case "ERR_HTTP_REQUEST_TIMEOUT":
      return [408, "Request Timeout", "the request did not come in time"];
    default:
      return [400, "Bad Request", "malformed HTTP request"];
  }
}

/** Whether the limit was reached before the first line had ended. */
function endsInRequestLine(packet: Buffer | undefined): boolean {
  if (packet === undefined || !/^[A-Z]+ /.test(packet.toString("latin1", 0, 16))) return false;
  const end = packet.indexOf("\r\n");
  return end < 0 || end >= maxHeaderSize;
}
