import type { Socket } from "node:net";
import { createServer, type Server, type TLSSocket } from "node:tls";
import { TlsCredentialsWatch } from "./tls-credentials.ts";
import type { ListenerObserver } from "./gated-listener.ts";
import type { CompleteTlsOptions } from "./tls-options.ts";

/** Milliseconds that a client has for the hand-shake; Node and gRPC-Go allow two minutes, which only idlers need. */
const handshakeTimeout = 10_000;

/** Milliseconds for what is said on connections that are cut off: more than their owners take. */
const lastWordsTimeout = 200;

/** What HTTP/2 may be spoken over; others that Node offers are forbidden by RFC 9113, section 9.2.2. */
const ciphers = [
  "TLS_AES_256_GCM_SHA384",
  "TLS_CHACHA20_POLY1305_SHA256",
  "TLS_AES_128_GCM_SHA256",
  "ECDHE-ECDSA-AES128-GCM-SHA256",
  "ECDHE-RSA-AES128-GCM-SHA256",
  "ECDHE-ECDSA-AES256-GCM-SHA384",
  "ECDHE-RSA-AES256-GCM-SHA384",
  "ECDHE-ECDSA-CHACHA20-POLY1305",
  "ECDHE-RSA-CHACHA20-POLY1305",
].join(":");

/**
 * Turns connections into those of TLS that speak HTTP/2, and keeps the certificate that they are shown up to
 * date. A client that asks for another protocol, or for none, is refused, as by gRPC-Go: RFC 9113,
 * section 3.2, lets it know of `h2` by ALPN alone.
 */
export class SecureGate {
  readonly #options: CompleteTlsOptions;
  readonly #observer: ListenerObserver;
  readonly #onError: (error: Error) => void;
  /** Never listens: it is handed its connections. */
  readonly #tls: Server;
  readonly #sockets = new Set<Socket>();
  #credentials: TlsCredentialsWatch | undefined;
  #closed = false;

  /** `onError` is told of a new certificate that cannot be used, `onSecure` gets connections, unread. */
  constructor(
    options: CompleteTlsOptions,
    observer: ListenerObserver,
    onError: (error: Error) => void,
    onSecure: (socket: TLSSocket) => void,
  ) {
    this.#options = options;
    this.#observer = observer;
    this.#onError = onError;
    this.#tls = createServer({
      ALPNProtocols: ["h2"],
      handshakeTimeout,
      requestCert: options.requestClientCert,
      rejectUnauthorized: options.requestClientCert,
    });
    this.#tls.on("secureConnection", (socket) => {
      socket.on("error", ignore); // "close" follows
      if (socket.alpnProtocol === "h2") {
        onSecure(socket);
        return;
      }
      this.#refused(socket, new Error('the client did not ask for the protocol "h2" by ALPN'));
      socket.destroy();
    });
    this.#tls.on("tlsClientError", (error, socket) => {
      this.#refused(socket, error);
      socket.destroy();
    });
  }

  /** Loads the certificate, and watches it from now on. Rejects with a `TlsCredentialsError`. */
  async open(): Promise<void> {
    const watch = await TlsCredentialsWatch.start(this.#options, {
      onCredentials: ({ context, description }) => {
        this.#tls.setSecureContext({ ...context, ciphers });
        this.#observer.onCertificate(description);
      },
      onCredentialsError: (cause) => {
        const message = "the new certificate is refused, the old one stays in use";
        this.#onError(new Error(message, { cause }));
      },
    });
    this.#credentials = watch;
    if (this.#closed) watch.stop();
  }

  /** Stops to watch the certificate. */
  close(): void {
    this.#closed = true;
    this.#credentials?.stop();
  }

  /** Begins the hand-shake on a connection of which nothing was read. */
  secure(socket: Socket): void {
    this.#sockets.add(socket);
    socket.once("close", () => this.#sockets.delete(socket));
    this.#tls.emit("connection", socket);
  }

  /** Ends every connection, those included whose hand-shake is done, when it has had time for last words. */
  cutOff(): void {
    setTimeout(() => {
      for (const socket of this.#sockets) socket.destroy();
    }, lastWordsTimeout);
  }

  #refused(socket: TLSSocket, error: Error): void {
    if (!this.#closed) this.#observer.onHandshakeError(socket.remoteAddress ?? "", error);
  }
}

function ignore(): void {}
