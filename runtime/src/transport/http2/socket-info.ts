import type { Socket } from "node:net";
import type { PeerCertificate, TLSSocket } from "node:tls";
import type { ServerConnection } from "./server-engine.ts";
import { socketAddress } from "./socket-address.ts";

/** {@link ConnectionInfo} read from a socket on first use, since few calls ask; addresses last longer than it. */
export class SocketInfo implements ServerConnection {
  record: unknown = undefined;
  readonly encrypted: boolean;
  readonly #socket: Socket;
  #remoteAddress: string | undefined;
  #localAddress: string | undefined;
  #certificate: PeerCertificate | undefined;

  constructor(socket: Socket) {
    this.#socket = socket;
    this.encrypted = isSecure(socket);
  }

  get remoteAddress(): string {
    const { remoteAddress, remotePort } = this.#socket;
    this.#remoteAddress ??= socketAddress(remoteAddress, remotePort);
    return this.#remoteAddress;
  }

  get localAddress(): string {
    const { localAddress, localPort } = this.#socket;
    this.#localAddress ??= socketAddress(localAddress, localPort);
    return this.#localAddress;
  }

  peerCertificate(): PeerCertificate | undefined {
    const socket = this.#socket;
    if (this.#certificate !== undefined || !isSecure(socket)) return this.#certificate;
    const certificate = socket.getPeerCertificate() as PeerCertificate | null;
    // Node has an empty object where the client showed none, and null once the connection has ended.
    if (certificate?.raw !== undefined) this.#certificate = certificate;
    return this.#certificate;
  }
}

function isSecure(socket: Socket): socket is TLSSocket {
  return "encrypted" in socket && socket.encrypted === true;
}
