import type { Logger } from "../../../log/logger.ts";
import type { ConnectionInfo, EngineLimit, EngineObserver } from "../../http2/server-engine.ts";
import type { TlsCredentials } from "../../tls-credentials.ts";

/** Writes to the log what an engine has to say that an operator may have to act on. */
export class ServerObserver implements EngineObserver {
  readonly #logger: Logger;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  onCertificate(description: TlsCredentials["description"]): void {
    this.#logger.info(description, "[gRPC] certificate loaded");
  }

  onHandshakeError(remoteAddress: string, error: Error): void {
    this.#logger.debug({ err: error, peer: remoteAddress }, "[gRPC] TLS hand-shake failed");
  }

  onConnection(): void {}

  onConnectionClosed(): void {}

  onGoaway(
    connection: ConnectionInfo,
    sender: "client" | "server",
    code: number,
    reason: string,
  ): void {
    if (code === 0) return; // a connection that ends as it should
    const peer = connection.remoteAddress;
    this.#logger.debug({ peer, sender, code, reason }, "[gRPC] connection ends early");
  }

  onLimit(connection: ConnectionInfo, limit: EngineLimit): void {
    this.#logger.warn({ peer: connection.remoteAddress, limit }, "[gRPC] client is over a limit");
  }
}
