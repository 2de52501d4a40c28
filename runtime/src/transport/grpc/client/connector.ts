import { createSecureContext, type SecureContext } from "node:tls";
import { type ClientTlsOptions, toSecureContextOptions } from "../../client-tls.ts";
import type {
  ClientConnection,
  ClientKeepalive,
  ClientSecurity,
  ConnectClient,
  ConnectionListener,
} from "../../http2/client-engine.ts";
import type { GrpcClientKeepalive, GrpcClientOptions } from "./client-options.ts";
import type { ServerAddress } from "./client-endpoint.ts";

/** Milliseconds that a connection may take to open, hand-shakes included. */
const connectTimeout = 10_000;

/** A server, and how it is spoken to. */
export interface ServerRoute extends ServerAddress {
  readonly secure: boolean;
  /** The name that the server's certificate must have; undefined: its host. */
  readonly servername: string | undefined;
}

/** Opens the connections of one client. */
export class Connector {
  /** Connections to one server at most. */
  readonly maxConnections: number;
  readonly healthCheck: boolean;
  readonly #connect: ConnectClient;
  readonly #tls: ClientTlsOptions;
  readonly #keepalive: ClientKeepalive;
  #context: SecureContext | undefined;

  /** Throws when certificates cannot be used. `healthCheck`: what holds when the options say nothing. */
  constructor(options: GrpcClientOptions, healthCheck: boolean, connect: ConnectClient) {
    this.maxConnections = Math.max(1, options.connections ?? 8);
    this.healthCheck = options.healthCheck ?? healthCheck;
    this.#connect = connect;
    this.#tls = options.tls ?? {};
    this.#keepalive = completeKeepalive(options.keepalive ?? {});
    if (options.tls !== undefined) this.#createContext();
  }

  /** Rejects with what the system says, and when it takes too long. */
  async connect(
    route: ServerRoute,
    closing: AbortSignal,
    listener: ConnectionListener,
  ): Promise<ClientConnection> {
    const attempt = new AbortController();
    const giveUp = (): void => attempt.abort();
    let expired = false;
    const timer = setTimeout(() => {
      expired = true;
      giveUp();
    }, connectTimeout);
    closing.addEventListener("abort", giveUp);
    try {
      const options = {
        address: route.address,
        security: route.secure ? this.#secure(route) : undefined,
        keepalive: this.#keepalive,
      };
      return await this.#connect(options, attempt.signal, listener);
    } catch (error) {
      if (expired) throw new Error(`no connection within ${connectTimeout} ms`, { cause: error });
      throw error;
    } finally {
      clearTimeout(timer);
      closing.removeEventListener("abort", giveUp);
    }
  }

  #secure(route: ServerRoute): ClientSecurity {
    const servername = this.#tls.servername ?? route.servername;
    return { context: this.#createContext(), servername };
  }

  #createContext(): SecureContext {
    this.#context ??= createSecureContext(toSecureContextOptions(this.#tls));
    return this.#context;
  }
}

function completeKeepalive(keepalive: GrpcClientKeepalive): ClientKeepalive {
  return {
    time: Math.max(0, keepalive.time ?? 6 * 60 * 1000),
    timeout: Math.max(0, keepalive.timeout ?? 20_000),
    permitWithoutStream: keepalive.permitWithoutStream ?? false,
  };
}
