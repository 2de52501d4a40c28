import { IncomingMessage } from "node:http";
import { Socket } from "node:net";
import { KratosError } from "../errors/kratos-error.ts";
import type { Logger } from "../log/logger.ts";
import { silentLogger } from "../log/silent-logger.ts";
import { BaseCallContext } from "../transport/call-context.ts";
import type { CallContext, TransportKind } from "../transport/context.ts";
import { GrpcHeader } from "../transport/grpc/protocol/metadata.ts";
import type { Header } from "../transport/header.ts";
import type { ConnectionInfo } from "../transport/http2/server-engine.ts";
import { checkReplyStatus } from "../transport/http/call/server-context.ts";
import { HeaderMap } from "../transport/http/header-map.ts";
import { serverStopping } from "../transport/server-stopping.ts";
import { StopSignal } from "../transport/stop-signal.ts";

/** What a call of {@link createTestContext} is like. */
export interface TestContextOptions {
  /** Default: `/test.v1.TestService/Test`. */
  readonly operation?: string | undefined;
  /** Default: `http`. */
  readonly kind?: TransportKind | undefined;
  /** Default: `server`. */
  readonly side?: "server" | "client" | undefined;
  /** Of the request. Default: none. */
  readonly headers?: Readonly<Record<string, string | readonly string[]>> | undefined;
  /** When the call must have ended, in milliseconds since the epoch. Default: no limit. */
  readonly deadline?: number | undefined;
  /** The address of the other side as `host:port`. Default: `127.0.0.1:49152`. */
  readonly peer?: string | undefined;
  /** Default: one that writes nothing. */
  readonly logger?: Logger | undefined;
}

/** The context of a call that came by no wire, and what ends it. */
export interface TestContext extends CallContext {
  /** What handlers of gRPC send after the reply. */
  readonly replyTrailer: Header;
  /** The status of the reply over HTTP, 200 until a handler sets another. */
  replyStatus: number;
  /** Aborts `signal`. Default: the `KratosError` of a client that left, 499 `CLIENT_CLOSED`. */
  abort(reason?: unknown): void;
  /** Aborts `stopping`, as a server does that begins to stop. */
  stop(): void;
}

/**
 * Makes the context of a call, for tests of handlers and middleware by themselves. On the server's side, what is known
 * of calls over HTTP or gRPC alone is there, too; a request that it shows is one of `POST /`, without a body. Throws a
 * `TypeError` for headers that the transport cannot carry.
 */
export function createTestContext(options: TestContextOptions = {}): TestContext {
  return new OfflineContext(options, new StopSignal());
}

class OfflineContext extends BaseCallContext implements TestContext {
  readonly side: "server" | "client";
  readonly kind: TransportKind;
  readonly peer: string;
  readonly requestHeader: Header;
  readonly replyHeader: Header;
  readonly replyTrailer: Header;
  readonly pathTemplate = "/";
  readonly connection: ConnectionInfo;
  readonly #stopping: StopSignal;
  #request: IncomingMessage | undefined;
  #replyStatus = 200;

  constructor(options: TestContextOptions, stopping: StopSignal) {
    const { operation = "/test.v1.TestService/Test", kind = "http", headers = {} } = options;
    super(
      operation,
      `${kind}://in-memory`,
      options.logger ?? silentLogger,
      options.deadline,
      stopping,
    );
    this.#stopping = stopping;
    this.side = options.side ?? "server";
    this.kind = kind;
    this.peer = options.peer ?? "127.0.0.1:49152";
    this.requestHeader = createHeader(kind, headers);
    this.replyHeader = createHeader(kind);
    this.replyTrailer = createHeader(kind);
    this.connection = {
      remoteAddress: this.peer,
      localAddress: "127.0.0.1:80",
      encrypted: false,
      peerCertificate: () => undefined,
    };
  }

  /** For those who look deeper than headers. */
  get request(): IncomingMessage {
    this.#request ??= createRequest(this.requestHeader);
    return this.#request;
  }

  get replyStatus(): number {
    return this.#replyStatus;
  }

  set replyStatus(status: number) {
    checkReplyStatus(status);
    this.#replyStatus = status;
  }

  override abort(reason: unknown = clientLeft()): void {
    super.abort(reason);
  }

  stop(): void {
    this.#stopping.stop(serverStopping());
  }
}

function createHeader(
  kind: TransportKind,
  headers: Readonly<Record<string, string | readonly string[]>> = {},
): Header {
  const header = kind === "http" ? new HeaderMap() : new GrpcHeader();
  for (const [name, values] of Object.entries(headers)) {
    for (const value of [values].flat()) header.add(name, value);
  }
  return header;
}

function createRequest(header: Header): IncomingMessage {
  const request = new IncomingMessage(new Socket());
  request.method = "POST";
  request.url = "/";
  for (const name of header.keys()) {
    const values = header.values(name);
    request.headers[name] = values.join(", ");
    request.rawHeaders.push(...values.flatMap((value) => [name, value]));
  }
  request.push(null);
  return request;
}

function clientLeft(): KratosError {
  return new KratosError(499, "CLIENT_CLOSED", "the client has left");
}
