import { createServer, type Server, type Socket } from "node:net";
import { closeListener } from "./close-listener.ts";
import type { ConnectionSource } from "./connection-source.ts";
import { type BoundAddress, type ListenAddress, toBoundAddress } from "./listen-address.ts";
import { SecureGate } from "./secure-gate.ts";
import { ShutdownError } from "./shutdown-error.ts";
import type { TlsCredentials } from "./tls-credentials.ts";
import type { CompleteTlsOptions } from "./tls-options.ts";

/** Whose connections a {@link GatedListener} takes. */
export interface ConnectionOwner {
  /** A connection, of which nothing was read yet; a `TLSSocket` with its hand-shake done where TLS is spoken. */
  serve(socket: Socket): void;
  /** Nobody new comes: tells those who are there to go elsewhere. */
  goodbye(): void;
  /** Ends every connection at once. */
  cutOff(reason: ShutdownError): void;
}

/** Is told of what happens before there is a connection to speak of; it must not throw. */
export interface ListenerObserver {
  /** New connections are shown this certificate from now on. */
  onCertificate(description: TlsCredentials["description"]): void;
  /** A client did not come through the hand-shake of TLS; `remoteAddress` is a host without a port. */
  onHandshakeError(remoteAddress: string, error: Error): void;
}

/** What a {@link GatedListener} has to know. */
export interface GatedListenerOptions {
  /** Undefined: connections are in clear text. Otherwise those that do not ask for `h2` are refused. */
  readonly tls: CompleteTlsOptions | undefined;
  readonly observer: ListenerObserver;
}

/** A listener whose connections wait, unread, until {@link accept}. It is shut down once. */
export class GatedListener {
  readonly #owner: ConnectionOwner;
  readonly #server: Server;
  /** Undefined: no TLS. */
  readonly #gate: SecureGate | undefined;
  /** Undefined: the system hands connections over. */
  #source: ConnectionSource | undefined;
  #waiting: Socket[] | undefined = [];
  #closed: Promise<void> | undefined;
  /** What is left was ended; nothing that comes late is begun. */
  #cut = false;

  /** `onError` gets what no connection can be blamed for. */
  constructor(
    { tls, observer }: GatedListenerOptions,
    owner: ConnectionOwner,
    onError: (error: Error) => void,
  ) {
    this.#owner = owner;
    this.#gate =
      tls && new SecureGate(tls, observer, onError, (socket) => this.#serveSecure(socket));
    this.#server = createServer({ pauseOnConnect: true, noDelay: true }, (socket) => {
      this.#take(socket);
    });
    this.#server.on("error", onError);
  }

  /** Rejects with what the system says, and with a `TlsCredentialsError`. */
  async listen(address: ListenAddress): Promise<BoundAddress> {
    await this.#gate?.open();
    const server = this.#server;
    this.#source = address.source;
    if (address.source !== undefined) {
      address.source.open((socket) => this.#take(socket));
      return toBoundAddress(null);
    }
    try {
      return await new Promise((resolve, reject) => {
        server.once("error", reject);
        server.listen(address, () => {
          server.off("error", reject);
          resolve(toBoundAddress(server.address()));
        });
      });
    } catch (error) {
      this.#gate?.close();
      throw error;
    }
  }

  accept(): void {
    const waiting = this.#waiting ?? [];
    this.#waiting = undefined;
    for (const socket of waiting) this.#serve(socket);
  }

  /** Resolves when the last connection has ended. An abort of `signal` cuts off what is left. */
  async shutdown(signal: AbortSignal): Promise<void> {
    this.#closed ??= this.#drain();
    for (const socket of this.#waiting ?? []) socket.destroy();
    this.#waiting = undefined;
    const cutOff = (): void => {
      this.#cut = true;
      this.#owner.cutOff(new ShutdownError());
      this.#gate?.cutOff();
    };
    if (signal.aborted) cutOff();
    else signal.addEventListener("abort", cutOff, { once: true });
    try {
      await this.#closed;
    } finally {
      signal.removeEventListener("abort", cutOff);
    }
  }

  async #drain(): Promise<void> {
    this.#gate?.close();
    if (this.#source !== undefined) {
      const closed = this.#source.close();
      this.#owner.goodbye();
      await closed;
      return;
    }
    const server = this.#server;
    if (!server.listening) return;
    const closed = new Promise<void>((resolve) => server.once("close", resolve));
    // The listener first: a call that a closing connection refuses must not come back on a new one.
    await closeListener(server, () => server.close());
    this.#owner.goodbye();
    await closed;
  }

  #take(socket: Socket): void {
    socket.on("error", ignore); // "close" follows
    if (this.#waiting === undefined) this.#serve(socket);
    else this.#waiting.push(socket);
  }

  #serve(socket: Socket): void {
    if (this.#cut) socket.destroy();
    else if (this.#gate === undefined) this.#owner.serve(socket);
    else this.#gate.secure(socket);
  }

  #serveSecure(socket: Socket): void {
    if (this.#cut) socket.destroy();
    else this.#owner.serve(socket);
  }
}

function ignore(): void {}
