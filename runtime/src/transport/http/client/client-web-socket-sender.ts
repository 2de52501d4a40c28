import type { Socket } from "node:net";
import { KratosError } from "../../../errors/kratos-error.ts";
import type { WebSocketEvents, WebSocketLink } from "../stream/web-socket-link.ts";
import { describeStatus } from "./client-error.ts";
import type { ClientTlsOptions } from "../../client-tls.ts";
import type { AbortSource, HttpSender, IncomingReply, OutgoingRequest } from "./client-sender.ts";
import { type WebSocketConnector, WebSocketReply } from "./client-web-socket-connector.ts";

/** How the WebSockets of a client are opened. */
export interface WebSocketOptions {
  readonly tls: ClientTlsOptions | undefined;
  /** Takes the place of the system; undefined: it does that itself. */
  readonly openConnection: (() => Socket) | undefined;
  /** The largest message that is taken, in bytes. */
  readonly maxReceiveBytes: number;
  /** Milliseconds after which a server that says nothing is asked for a sign of life; 0: never. */
  readonly heartbeat: number;
}

/** Opens WebSockets in the place of sending requests, for one call: servers are chosen as for all others. */
export class WebSocketSender implements HttpSender {
  readonly #options: WebSocketOptions;
  readonly #events: WebSocketEvents;
  readonly #until: number | undefined;

  /** `events` are those of the one that opens. `until`: when that must be, in milliseconds since the epoch. */
  constructor(options: WebSocketOptions, events: WebSocketEvents, until: number | undefined) {
    this.#options = options;
    this.#events = events;
    this.#until = until;
  }

  async send(request: OutgoingRequest, call: AbortSource): Promise<IncomingReply> {
    const { tls, openConnection, maxReceiveBytes: limit, heartbeat } = this.#options;
    const { origin, path, headers, deadline, connectTimeout } = request;
    const connect = await loadConnector();
    const timeout = this.#until === undefined ? 0 : Math.max(1, this.#until - Date.now());
    const target = { origin, path, headers, deadline, connectTimeout };
    const options = { tls, openConnection, limit, timeout, heartbeat };
    return connect({ ...target, ...options }, call, this.#events);
  }

  /** A WebSocket ends with its call. */
  close(): void {}
}

/** The WebSocket that a service has opened. Throws 500 `CODEC` for a success of another kind. */
export async function toWebSocketLink(reply: IncomingReply): Promise<WebSocketLink> {
  if (reply instanceof WebSocketReply) return reply.link;
  reply.discard();
  throw new KratosError(500, "CODEC", `${describeStatus(reply)} and opened no WebSocket`);
}

async function loadConnector(): Promise<WebSocketConnector> {
  if (globalThis.process?.versions?.node === undefined) {
    return (await import("./client-web-socket-browser.ts")).connectWebSocket;
  }
  return (await import("./client-web-socket-node.ts")).connectWebSocket;
}
