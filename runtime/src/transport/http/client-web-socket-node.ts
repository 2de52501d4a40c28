import type { IncomingMessage } from "node:http";
import { WebSocket } from "ws";
import { KratosError } from "../../errors/kratos-error.ts";
import { parseStatusJson } from "../../errors/status-json.ts";
import { toTlsSettings } from "./client-tls.ts";
import type { WebSocketConnector } from "./client-web-socket.ts";
import { NodeWebSocketLink } from "./web-socket-node.ts";

/** What is read of an answer that opens no WebSocket. */
const maxAnswerBytes = 64 * 1024;

/** Opens a WebSocket in Node. */
export const connectWebSocket: WebSocketConnector = (request, events) =>
  new Promise((resolve, reject) => {
    const { origin, path, tls, headers, limit, timeout, heartbeat, signal } = request;
    const socket = new WebSocket(toAddress(origin, path), {
      ...toTlsSettings(tls ?? {}),
      headers: Object.fromEntries(groupHeaders(headers)),
      maxPayload: limit,
      perMessageDeflate: false,
      ...(timeout > 0 && { handshakeTimeout: timeout }),
    });
    const abort = () => {
      reject(signal.reason as Error);
      socket.terminate();
    };
    const settle = () => signal.removeEventListener("abort", abort);
    socket.on("open", () => {
      settle();
      // At once: messages may follow closely.
      resolve(new NodeWebSocketLink(socket, events, heartbeat));
    });
    socket.on("unexpected-response", (_request, response) => {
      settle();
      void readAnswer(response).then((error) => {
        reject(error);
        socket.terminate();
      });
    });
    socket.on("error", (error) => {
      settle();
      const late = error.message === "Opening handshake has timed out";
      const message = `cannot reach "${origin}": ${error.message}`;
      reject(
        late
          ? new KratosError(504, "DEADLINE_EXCEEDED", message, { cause: error })
          : new KratosError(503, "UNREACHABLE", message, { cause: error }),
      );
    });
    if (signal.aborted) abort();
    else signal.addEventListener("abort", abort, { once: true });
  });

function toAddress(origin: string, path: string): string {
  // A colon ends the path of a socket.
  if (origin.startsWith("unix:")) return `ws+${origin}:${path}`;
  return origin.replace(/^http/i, "ws") + path;
}

function groupHeaders(headers: readonly string[]): Map<string, string | string[]> {
  const groups = new Map<string, string | string[]>();
  for (let index = 0; index < headers.length; index += 2) {
    const name = headers[index]!;
    const value = headers[index + 1]!;
    const present = groups.get(name);
    groups.set(name, present === undefined ? value : [present, value].flat());
  }
  return groups;
}

async function readAnswer(response: IncomingMessage): Promise<KratosError> {
  const status = response.statusCode ?? 500;
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > maxAnswerBytes) break;
      chunks.push(chunk);
    }
  } catch {
    // The status says enough.
  }
  const error = parseStatusJson(Buffer.concat(chunks).toString(), status);
  if (status >= 300 && (error.message !== "" || error.reason !== "")) return error;
  const answer = `the service answered ${status} ${response.statusMessage ?? ""}`.trimEnd();
  return status >= 300
    ? new KratosError(status, "", answer)
    : new KratosError(500, "CODEC", `${answer} and opened no WebSocket`);
}
