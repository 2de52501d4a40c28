import type { ClientRequest } from "node:http";
import type { Socket } from "node:net";

/** Knows whether a request has got its connection, and gives it up where that takes too long. */
export class ConnectionWatch {
  readonly #request: ClientRequest;
  readonly #timeout: number | undefined;
  #connected = false;
  #timer: NodeJS.Timeout | undefined;

  /** `timeout` in milliseconds; undefined: a connection may take as long as it does. */
  constructor(request: ClientRequest, timeout: number | undefined) {
    this.#request = request;
    this.#timeout = timeout;
    request.once("socket", (socket) => this.#watch(socket));
  }

  /** Whether there is, or was, a connection, its certificates checked. */
  get connected(): boolean {
    return this.#connected;
  }

  /** The request has ended. */
  end(): void {
    clearTimeout(this.#timer);
  }

  #watch(socket: Socket): void {
    if (!socket.connecting) {
      this.#connected = true;
      return;
    }
    if (this.#timeout !== undefined) {
      const tooLong = new Error(`no connection within ${this.#timeout} ms`);
      this.#timer = setTimeout(() => this.#request.destroy(tooLong), this.#timeout);
    }
    socket.once("encrypted" in socket ? "secureConnect" : "connect", () => {
      this.#connected = true;
      clearTimeout(this.#timer);
    });
  }
}
