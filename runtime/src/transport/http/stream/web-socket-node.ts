import { fullBytes, type WebSocketEvents, type WebSocketLink } from "./web-socket-link.ts";

/** What is used of the WebSockets of `ws`. */
export interface NodeWebSocket {
  readonly bufferedAmount: number;
  on(event: "message", listener: (data: Buffer, isBinary: boolean) => void): unknown;
  on(event: "close", listener: (code: number, reason: Buffer) => void): unknown;
  on(event: "error", listener: (error: Error) => void): unknown;
  on(event: "pong", listener: () => void): unknown;
  send(data: string | Uint8Array, callback: () => void): void;
  ping(): void;
  pause(): void;
  resume(): void;
  close(code: number, reason: string): void;
  terminate(): void;
}

/** A WebSocket of `ws`, on either side. */
export class NodeWebSocketLink implements WebSocketLink {
  readonly #socket: NodeWebSocket;
  #heartbeat: NodeJS.Timeout | undefined;
  #paused = false;
  #alive = true;
  /** What was sent since others had their turn. */
  #sent = 0;

  /** `heartbeat` in milliseconds: a peer that is silent for that long is asked, and cut off if it is again. 0: never. */
  constructor(socket: NodeWebSocket, events: WebSocketEvents, heartbeat: number) {
    this.#socket = socket;
    socket.on("message", (data, isBinary) => {
      this.#alive = true;
      events.onMessage(isBinary ? data : data.toString());
    });
    socket.on("pong", () => {
      this.#alive = true;
    });
    socket.on("error", (error) => {
      const { code } = error as NodeJS.ErrnoException;
      events.onError(error, code === "WS_ERR_UNSUPPORTED_MESSAGE_LENGTH");
    });
    socket.on("close", (code, reason) => {
      clearInterval(this.#heartbeat);
      events.onClose(code, reason.toString());
    });
    if (heartbeat > 0) this.#heartbeat = setInterval(() => this.#beat(), heartbeat).unref();
  }

  send(data: string | Uint8Array): Promise<void> | undefined {
    this.#sent += data.length + frameCost;
    if (this.#socket.bufferedAmount >= fullBytes) {
      return new Promise((resolve) => {
        this.#socket.send(data, () => setImmediate(resolve));
      });
    }
    this.#socket.send(data, ignore);
    if (this.#sent < fullBytes) return undefined;
    // While the system takes all that is written, nothing else would make a sender wait that always has
    // more: neither timers nor other connections had their turn.
    this.#sent = 0;
    return new Promise((resolve) => {
      setImmediate(resolve);
    });
  }

  pause(): void {
    this.#paused = true;
    this.#socket.pause();
  }

  resume(): void {
    this.#paused = false;
    // Answers may have waited behind what was not read.
    this.#alive = true;
    this.#socket.resume();
  }

  close(code: number, reason: string): void {
    // A peer that is still sending must be heard out, to find its own goodbye.
    if (this.#paused) this.resume();
    this.#socket.close(code, reason);
  }

  #beat(): void {
    if (!this.#alive && !this.#paused) {
      this.#socket.terminate();
      return;
    }
    this.#alive = false;
    this.#socket.ping();
  }
}

/** Counted for each message beside its bytes. */
const frameCost = 64;

function ignore(): void {}
