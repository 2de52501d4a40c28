import type { ClientConnection, ConnectionListener } from "../../http2/client-engine.ts";
import type { Field } from "../../http2/engine.ts";
import type { ServerRoute } from "./connector.ts";

/** Milliseconds after which a connection counts as one that has worked, though it carried nothing. */
const provenAfter = 1000;

/** Who owns a {@link Link}. */
export interface LinkOwner {
  readonly route: ServerRoute;
  /** There is room for another call. */
  room(): void;
  /** The connection is not usable any more. */
  lost(link: Link): void;
}

/** A connection to a server, and what has to be said on it. */
export class Link implements ConnectionListener {
  readonly authorityField: Field;
  readonly schemeField: Field;
  /** Whether a call has gone over it since somebody last looked. */
  used = true;
  /** Whether the server has answered a call over it. */
  answered = false;
  readonly #owner: LinkOwner;
  #connection: ClientConnection | undefined;
  #openedAt = 0;

  constructor(owner: LinkOwner) {
    this.#owner = owner;
    const { authority, secure } = owner.route;
    this.authorityField = [":authority", authority];
    this.schemeField = [":scheme", secure ? "https" : "http"];
  }

  open(connection: ClientConnection): void {
    this.#connection = connection;
    this.#openedAt = performance.now();
  }

  /** Throws before it is {@link open}. */
  get connection(): ClientConnection {
    if (this.#connection === undefined) throw new Error("the connection is not open yet");
    return this.#connection;
  }

  get hasRoom(): boolean {
    return this.#connection?.hasRoom === true;
  }

  /** Whether no call goes over it. */
  get isQuiet(): boolean {
    return this.connection.openStreams === 0;
  }

  /** Whether the server has shown that it takes calls. */
  get isProven(): boolean {
    return this.answered || performance.now() - this.#openedAt > provenAfter;
  }

  onRoom(): void {
    if (this.#connection !== undefined) this.#owner.room();
  }

  onClose(): void {
    if (this.#connection !== undefined) this.#owner.lost(this);
  }
}
