import { tooLate } from "../../abort-error.ts";
import { HeaderMap } from "../header-map.ts";
import { fullBytes, type WebSocketLink } from "../stream/web-socket-link.ts";
import { SendError } from "./client-sender.ts";
import { startTimer } from "./client-timer.ts";
import { type WebSocketConnector, WebSocketReply } from "./client-web-socket-connector.ts";

/**
 * Opens a WebSocket of the platform: in browsers, which send no headers but their own, tell nothing of an
 * answer that opens none, and cannot be stopped from receiving.
 */
export const connectWebSocket: WebSocketConnector = (
  { origin, path, limit, timeout },
  call,
  events,
) =>
  new Promise((resolve, reject) => {
    const address = new URL(
      origin + path,
      (globalThis as { location?: { href: string } }).location?.href,
    );
    address.protocol = address.protocol.replace("http", "ws");
    const socket = new WebSocket(address);
    socket.binaryType = "arraybuffer";
    let opened = false;
    let failed = false;
    const settle = () => {
      clearTimeout(timer);
      call.onAbort(undefined);
    };
    const fail = (error: Error) => {
      if (failed) return;
      failed = true;
      settle();
      reject(error);
      socket.close();
    };
    const timer = startTimer(timeout, () =>
      fail(tooLate(`"${address.origin}" opened no connection within ${timeout} ms`)),
    );
    socket.addEventListener("open", () => {
      opened = true;
      settle();
      resolve(new WebSocketReply(new HeaderMap(), new PlatformLink(socket)));
    });
    socket.addEventListener("message", (event) => {
      const data = event.data as string | ArrayBuffer;
      if (sizeOf(data) > limit) {
        events.onError(new Error(`a message is larger than ${limit} bytes`), true);
        return;
      }
      events.onMessage(typeof data === "string" ? data : new Uint8Array(data));
    });
    socket.addEventListener("close", ({ code, reason }) => {
      if (opened) events.onClose(code, reason);
    });
    socket.addEventListener("error", () => {
      // Why, is told to nobody; and what fails later is closed, too.
      if (!opened) fail(new SendError("unknown", new Error(refusal(address))));
    });
    call.onAbort(() => fail(new SendError("unknown", new Error("the call was aborted"))));
  });

/** Why the service opened none, which browsers tell nobody; most often, it does not know the page's origin. */
function refusal({ host }: URL): string {
  const page = (globalThis as { location?: { host: string; origin: string } }).location;
  return page === undefined || page.host === host
    ? "no WebSocket was opened"
    : `no WebSocket was opened; the option "allowedOrigins" of its server must hold "${page.origin}"`;
}

class PlatformLink implements WebSocketLink {
  readonly #socket: WebSocket;

  constructor(socket: WebSocket) {
    this.#socket = socket;
  }

  send(data: string | Uint8Array): Promise<void> | undefined {
    this.#socket.send(data as string | Uint8Array<ArrayBuffer>);
    return this.#socket.bufferedAmount < fullBytes ? undefined : this.#drained();
  }

  /** Nothing tells a page to stop; what its server sends meanwhile is kept. */
  pause(): void {}

  resume(): void {}

  close(code: number, reason: string): void {
    this.#socket.close(code, reason);
  }

  /** Nothing tells when the peer has caught up, so that one has to look. */
  async #drained(): Promise<void> {
    const socket = this.#socket;
    while (socket.readyState === WebSocket.OPEN && socket.bufferedAmount >= fullBytes) {
      // oxlint-disable-next-line no-await-in-loop -- waits between looks
      await new Promise((resolve) => setTimeout(resolve, lookInterval));
    }
  }
}

/** In bytes. */
function sizeOf(data: string | ArrayBuffer): number {
  return typeof data === "string" ? new TextEncoder().encode(data).length : data.byteLength;
}

/** Milliseconds between looks at what is still to be sent. */
const lookInterval = 10;
