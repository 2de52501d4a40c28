import type { IncomingMessage } from "node:http";
import { WebSocket } from "ws";
import { KratosError } from "../../../errors/kratos-error.ts";
import { parseStatusJson } from "../../../errors/status-json.ts";
import { toTlsSettings } from "./client-tls.ts";
import type { WebSocketConnector } from "./client-web-socket.ts";
import { NodeWebSocketLink } from "../stream/web-socket-node.ts";

/** Milliseconds that a server has to answer a goodbye; the call is over, and the process may wait to end. */
const goodbye = { closeTimeout: 2000 };

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
      ...goodbye,
    });
    const settle = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", abort);
    };
    const giveUp = (reason: Error) => {
      settle();
      reject(reason);
      socket.terminate();
    };
    const abort = () => giveUp(signal.reason as Error);
    // Of a limit of its own "ws" takes note only while nothing comes at all.
    const limited = timeout > 0 && Number.isFinite(timeout);
    const timer = limited
      ? setTimeout(() => giveUp(tooLate(origin, timeout)), Math.min(timeout, maxDelay))
      : undefined;
    socket.on("open", () => {
      settle();
      // At once: messages may follow closely.
      resolve(new NodeWebSocketLink(socket, events, heartbeat));
    });
    // An answer may take as long as the WebSocket might have.
    socket.on(
      "unexpected-response",
      (_request, response) => void readAnswer(response).then(giveUp),
    );
    socket.on("error", (cause) => {
      settle();
      const message = `cannot reach "${origin}": ${cause.message}`;
      reject(new KratosError(503, "UNREACHABLE", message, { cause }));
    });
    if (signal.aborted) abort();
    else signal.addEventListener("abort", abort, { once: true });
  });

/** The longest delay that `setTimeout` takes. */
const maxDelay = 2 ** 31 - 1;

function tooLate(origin: string, timeout: number): KratosError {
  const message = `cannot reach "${origin}": no WebSocket was open within ${timeout} ms`;
  return new KratosError(504, "DEADLINE_EXCEEDED", message);
}

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
