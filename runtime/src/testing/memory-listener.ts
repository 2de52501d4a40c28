import type { Socket } from "node:net";
import type { ConnectionSource } from "../transport/connection-source.ts";
import { MemorySocket } from "./memory-socket.ts";

/** Where systems begin to count the ports of clients. */
const firstPort = 49_152;

/** Connects clients to a server of the same process. */
export class MemoryListener implements ConnectionSource {
  readonly #sockets = new Set<Socket>();
  #take: ((socket: Socket) => void) | undefined;
  #port = firstPort;
  #onEmpty: (() => void) | undefined;

  open(take: (socket: Socket) => void): void {
    this.#take = (socket) => {
      this.#sockets.add(socket);
      socket.once("close", () => {
        this.#sockets.delete(socket);
        if (this.#sockets.size === 0) this.#onEmpty?.();
      });
      take(socket);
    };
  }

  close(): Promise<void> {
    this.#take = undefined;
    return new Promise((resolve) => {
      this.#onEmpty = resolve;
      if (this.#sockets.size === 0) resolve();
    });
  }

  /** A client's end of a new connection, which is refused unless the server takes connections. */
  readonly connect = (): Socket => MemorySocket.open(this.#port++, () => this.#take);
}
