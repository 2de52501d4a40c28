import type { ServerOptions, WebSocketServer as Handshake } from "ws";
import { isConnectionHeader } from "../../connection-header.ts";
import type { HeaderMap } from "../header-map.ts";
import type { UpgradeResponse } from "../listener/upgrade.ts";
import type { NodeWebSocket } from "../stream/web-socket-node.ts";

/** Milliseconds that a client has to say goodbye, too, before its connection is cut. */
const closeTimeout = 5000;

/** Answers hand-shakes of WebSockets. */
export class WebSocketAcceptor {
  readonly #create: (maxBytes: number) => Handshake;
  /** By the largest message that is taken. */
  readonly #servers = new Map<number, Handshake>();

  private constructor(create: (maxBytes: number) => Handshake) {
    this.#create = create;
  }

  /** Loads what only servers of WebSockets need. */
  static async load(): Promise<WebSocketAcceptor> {
    const { WebSocketServer } = await import("ws");
    return new WebSocketAcceptor(
      (maxPayload) =>
        new WebSocketServer({
          noServer: true,
          clientTracking: false,
          perMessageDeflate: false,
          handleProtocols: () => false,
          maxPayload,
          closeTimeout,
        } as ServerOptions & { closeTimeout: number }),
    );
  }

  /**
   * Opens the WebSocket that a request asks for, whose hand-shake is known to be whole. Undefined when it is
   * not: then it has been answered.
   */
  accept(
    response: UpgradeResponse,
    maxBytes: number,
    header: HeaderMap | undefined,
  ): NodeWebSocket | undefined {
    let server = this.#servers.get(maxBytes);
    if (server === undefined) this.#servers.set(maxBytes, (server = this.#create(maxBytes)));
    let opened: NodeWebSocket | undefined;
    const filtered = Object.entries(response.getHeaders());
    const addHeader = (lines: string[]): void => {
      for (const [name, value] of filtered) {
        if (isHandshakeHeader(name)) continue;
        for (const one of [value].flat()) lines.push(`${name}: ${one}`);
      }
      for (const [name, values] of header?.entries() ?? []) {
        if (isHandshakeHeader(name)) continue;
        for (const value of values) lines.push(`${name}: ${value}`);
      }
    };
    server.once("headers", addHeader);
    const { socket, head } = response.release();
    server.handleUpgrade(response.req, socket, head, (webSocket) => {
      opened = webSocket;
    });
    server.off("headers", addHeader);
    return opened;
  }
}

/** These are the hand-shake's own, or describe a body that it has not. */
function isHandshakeHeader(name: string): boolean {
  return (
    name.startsWith("sec-websocket-") || name.startsWith("content-") || isConnectionHeader(name)
  );
}
