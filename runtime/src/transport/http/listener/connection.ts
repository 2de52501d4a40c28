import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";

/** A call that waits for something while its connection may go away. */
export interface OpenCall {
  /** Belongs to {@link Connection}. */
  nextOnConnection: OpenCall | undefined;
  /** The client has gone, or the server goes; nothing can be sent any more. */
  onConnectionLost(reason: "client" | "server"): void;
  /** What came after the start of this call is no HTTP; only a call whose body is not there yet minds. */
  onProtocolError(status: number, message: string): void;
}

const connectionKey = Symbol("connection");

interface TrackedSocket extends Socket {
  [connectionKey]?: Connection;
}

interface TrackedRequest extends IncomingMessage {
  [connectionKey]?: OpenCalls;
}

/** The calls that wait over a connection, or over a stream of one. */
export class OpenCalls {
  /** The address of the other side as `host:port`. */
  readonly peer: string;
  #calls: OpenCall | undefined;

  constructor({ remoteAddress = "", remotePort }: Socket) {
    const host = remoteAddress.includes(":") ? `[${remoteAddress}]` : remoteAddress;
    this.peer = remotePort === undefined ? "" : `${host}:${remotePort}`;
  }

  /** Makes these the calls that {@link Connection.ofRequest} finds for a request. */
  attach(request: IncomingMessage): void {
    (request as TrackedRequest)[connectionKey] = this;
  }

  /** Calls that wait; nearly always at most one, since few clients pipeline. */
  get hasCalls(): boolean {
    return this.#calls !== undefined;
  }

  add(call: OpenCall): void {
    call.nextOnConnection = this.#calls;
    this.#calls = call;
  }

  remove(call: OpenCall): void {
    if (this.#calls === call) {
      this.#calls = call.nextOnConnection;
    } else {
      let previous = this.#calls;
      while (previous !== undefined && previous.nextOnConnection !== call) {
        previous = previous.nextOnConnection;
      }
      if (previous !== undefined) previous.nextOnConnection = call.nextOnConnection;
    }
    call.nextOnConnection = undefined;
  }

  /** Ends every call that waits. */
  lose(reason: "client" | "server"): void {
    this.endAll((call) => call.onConnectionLost(reason));
  }

  protected endAll(end: (call: OpenCall) => void): void {
    let call = this.#calls;
    while (call !== undefined) {
      const next: OpenCall | undefined = call.nextOnConnection;
      end(call);
      call = next;
    }
  }
}

/** What a server knows of one of its connections. */
export class Connection extends OpenCalls {
  readonly socket: Socket;
  #lastResponse: ServerResponse | undefined;
  #closing = false;
  /** Ends once all is sent. */
  #leaving = false;
  #handedOver = false;
  #seenBytes = 0;
  #quietSweeps = 0;

  constructor(socket: Socket) {
    super(socket);
    this.socket = socket;
    (socket as TrackedSocket)[connectionKey] = this;
  }

  static of(socket: Socket): Connection | undefined {
    return (socket as TrackedSocket)[connectionKey];
  }

  /** Over HTTP/2 each request has a stream of its own, and what it waits for hangs on that. */
  static ofRequest(request: IncomingMessage): OpenCalls | undefined {
    return (request as TrackedRequest)[connectionKey] ?? Connection.of(request.socket);
  }

  /**
   * Takes note of a request. False: a reply has said that the connection closes, so that nothing behind it
   * may be processed, and the client knows it (RFC 9112, section 9.6).
   */
  admit(response: ServerResponse): boolean {
    if (this.saidGoodbye) return false;
    this.#lastResponse = response;
    return true;
  }

  /** Whether the client was told that nothing follows any more. */
  get saidGoodbye(): boolean {
    const last = this.#lastResponse;
    return this.#closing || (last?.headersSent === true && !last.shouldKeepAlive);
  }

  /** Another protocol goes over it from here on, which says goodbye by itself. */
  handOver(): void {
    this.#handedOver = true;
  }

  /** Ends the calls that wait, as the server does that stops, and the connection after their last words. */
  sayGoodbye(): void {
    this.#closing = true;
    this.lose("server");
    if (!this.#handedOver) this.socket.destroySoon();
  }

  /** Nothing that comes may be processed from here on. */
  close(): void {
    this.#closing = true;
  }

  /**
   * Whether `response` is to say that the connection closes. Only the one to the last request may: Node
   * drops all that are due behind it.
   */
  closesAfter(response: ServerResponse): boolean {
    if (response !== this.#lastResponse) return false;
    this.#closing = true;
    return true;
  }

  /** Closes the connection after the replies that are due, because what follows on the wire is broken. */
  fail(status: number, message: string): void {
    if (this.#closing) return;
    this.#closing = true;
    const last = this.#lastResponse;
    if (last?.headersSent === false) last.shouldKeepAlive = false;
    last?.once("close", () => this.socket.destroySoon());
    this.endAll((call) => call.onProtocolError(status, message));
  }

  /**
   * Closes the connection when nothing has gone over it, and nothing waits to, since `sweeps` calls of this. A
   * client may have sent a request already when a connection looks idle, so one look is not enough.
   */
  closeWhenQuiet(sweeps: number): void {
    if (this.#leaving) return;
    const { bytesRead, bytesWritten, writableLength } = this.socket;
    const bytes = bytesRead + bytesWritten;
    const quiet = bytes === this.#seenBytes && writableLength === 0 && !this.hasCalls;
    this.#quietSweeps = quiet ? this.#quietSweeps + 1 : 0;
    this.#seenBytes = bytes;
    if (this.#quietSweeps < sweeps) return;
    this.#leaving = true;
    this.socket.destroySoon();
  }
}
