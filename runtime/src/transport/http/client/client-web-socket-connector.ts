import type { Socket } from "node:net";
import type { HeaderMap } from "../header-map.ts";
import type { WebSocketEvents, WebSocketLink } from "../stream/web-socket-link.ts";
import type { ClientTlsOptions } from "../../client-tls.ts";
import type { AbortSource, IncomingReply, OutgoingRequest } from "./client-sender.ts";

/** How a WebSocket is opened. */
export interface WebSocketRequest extends Omit<OutgoingRequest, "method" | "body" | "fresh"> {
  /** Of the client, where the platform lets it have one. */
  readonly tls: ClientTlsOptions | undefined;
  /** Takes the place of the system, where the platform lets it. */
  readonly openConnection?: (() => Socket) | undefined;
  /** The largest message that is taken, in bytes. */
  readonly limit: number;
  /** Milliseconds until it must be open, or refused; 0: no limit. */
  readonly timeout: number;
  /** Milliseconds after which a silent server is asked for a sign of life; 0: never. */
  readonly heartbeat: number;
}

/**
 * Opens a WebSocket. Resolves to a {@link WebSocketReply}, or to what the service answered instead. Rejects with
 * a `SendError` when no answer comes, and with 504 when it does not come in time.
 */
export type WebSocketConnector = (
  request: WebSocketRequest,
  call: AbortSource,
  events: WebSocketEvents,
) => Promise<IncomingReply>;

/** The answer that opens a WebSocket. */
export class WebSocketReply implements IncomingReply {
  readonly status = 101;
  readonly statusText = "Switching Protocols";
  readonly header: HeaderMap;
  readonly link: WebSocketLink;

  constructor(header: HeaderMap, link: WebSocketLink) {
    this.header = header;
    this.link = link;
  }

  bytes(): Promise<Uint8Array> {
    return Promise.resolve(new Uint8Array());
  }

  async *pieces(): AsyncIterable<Uint8Array> {}

  discard(): void {
    this.link.close(1000, "");
  }
}
