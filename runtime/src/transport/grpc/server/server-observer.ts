import type { Logger } from "../../../log/logger.ts";
import type {
  ConnectionInfo,
  EngineLimit,
  EngineObserver,
  ServerConnection,
} from "../../http2/server-engine.ts";
import type { TlsCredentials } from "../../tls-credentials.ts";
import type { ServerCounts } from "../services/server-counts.ts";

/** Milliseconds between two records of clients that are over a limit. */
const quietTime = 1000;

/** Counts what an engine tells, and writes that to the log which an operator may have to act on. */
export class ServerObserver implements EngineObserver {
  readonly #logger: Logger;
  readonly #counts: ServerCounts;
  #quietUntil = 0;
  /** Crossings of limits since the last that the log was told of. */
  #untold = 0;

  constructor(logger: Logger, counts: ServerCounts) {
    this.#logger = logger;
    this.#counts = counts;
  }

  onCertificate(description: TlsCredentials["description"]): void {
    this.#logger.info(description, "[gRPC] certificate loaded");
  }

  onHandshakeError(remoteAddress: string, error: Error): void {
    this.#counts.failHandshake();
    this.#logger.debug({ err: error, peer: remoteAddress }, "[gRPC] TLS hand-shake failed");
  }

  onConnection(connection: ServerConnection): void {
    this.#counts.open(connection);
  }

  onConnectionClosed(connection: ServerConnection): void {
    this.#counts.close(connection);
  }

  onGoaway(
    connection: ConnectionInfo,
    sender: "client" | "server",
    code: number,
    reason: string,
  ): void {
    this.#counts.goaway(sender);
    if (code === 0) return; // a connection that ends as it should
    const peer = connection.remoteAddress;
    this.#logger.debug({ peer, sender, code, reason }, "[gRPC] connection ends early");
  }

  /** Tells of one client in a second, and of how many others there were: a crowd must not fill the log. */
  onLimit(connection: ConnectionInfo, limit: EngineLimit): void {
    this.#counts.limit(limit);
    const now = performance.now();
    if (now < this.#quietUntil) {
      this.#untold++;
      return;
    }
    this.#quietUntil = now + quietTime;
    const fields = { peer: connection.remoteAddress, limit, untold: this.#untold };
    this.#untold = 0;
    this.#logger.warn(fields, "[gRPC] client is over a limit");
  }
}
