import { KratosError } from "../../../errors/kratos-error.ts";
import type { WebSocketConnector } from "./client-web-socket.ts";
import { fullBytes, type WebSocketLink } from "../stream/web-socket-link.ts";

/**
 * Opens a WebSocket of the platform: in browsers, which send no headers but their own, tell nothing of an
 * answer that opens none, and cannot be stopped from receiving.
 */
export const connectWebSocket: WebSocketConnector = (
  { origin, path, limit, timeout, signal },
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
    // Timers take what is longer for no time at all.
    const limited = timeout > 0 && timeout <= maxDelay;
    const timer = limited ? setTimeout(() => fail(tooLate(address, timeout)), timeout) : undefined;
    const fail = (error: Error) => {
      settle();
      reject(error);
      socket.close();
    };
    const abort = () => fail(signal.reason as Error);
    const settle = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", abort);
    };
    socket.addEventListener("open", () => {
      opened = true;
      settle();
      resolve(new PlatformLink(socket));
    });
    socket.addEventListener("message", (event) => {
      const data = event.data as string | ArrayBuffer;
      const size = typeof data === "string" ? data.length : data.byteLength;
      if (size > limit) {
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
      if (!opened) fail(new KratosError(503, "UNREACHABLE", `cannot open "${address.origin}"`));
    });
    if (signal.aborted) abort();
    else signal.addEventListener("abort", abort, { once: true });
  });

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

/** The longest delay that `setTimeout` takes. */
const maxDelay = 2 ** 31 - 1;

/** Milliseconds between looks at what is still to be sent. */
const lookInterval = 10;

function tooLate({ origin }: URL, timeout: number): KratosError {
  const message = `"${origin}" opened no connection within ${timeout} ms`;
  return new KratosError(504, "DEADLINE_EXCEEDED", message);
}
