import type { Logger } from "../../../log/logger.ts";
import { BaseCallContext } from "../../call-context.ts";
import type { CallContext } from "../../context.ts";
import type { Header } from "../../header.ts";
import type { StopSignal } from "../../stop-signal.ts";
import type { ConnectionInfo, ServerStream } from "../../http2/server-engine.ts";
import { GrpcHeader } from "../protocol/metadata.ts";

export type { ConnectionInfo } from "../../http2/server-engine.ts";

/** What a handler knows of a call that came over gRPC, beside what every call has. */
export interface GrpcCallContext extends CallContext {
  readonly kind: "grpc";
  /** Metadata that is sent after the reply, with the status. A handler adds to it before it ends. */
  readonly replyTrailer: Header;
  /** How the call came: addresses, and the client's certificate where mutual TLS is spoken. */
  readonly connection: ConnectionInfo;
}

/** Reports whether a call came over gRPC, to this server. */
export function isGrpcServerContext(context: CallContext): context is GrpcCallContext {
  return context.kind === "grpc" && context.side === "server";
}

/** The context of one call. */
export class GrpcServerContext extends BaseCallContext implements GrpcCallContext {
  readonly side = "server";
  readonly kind = "grpc";
  readonly #stream: ServerStream;
  #requestHeader: GrpcHeader | undefined;
  #replyHeader: GrpcHeader | undefined;
  #replyTrailer: GrpcHeader | undefined;

  constructor(
    operation: string,
    endpoint: string,
    logger: Logger,
    deadline: number | undefined,
    stop: StopSignal,
    stream: ServerStream,
  ) {
    super(operation, endpoint, logger, deadline, stop);
    this.#stream = stream;
  }

  get peer(): string {
    return this.#stream.connection.remoteAddress;
  }

  get connection(): ConnectionInfo {
    return this.#stream.connection;
  }

  get requestHeader(): Header {
    this.#requestHeader ??= GrpcHeader.from(this.#stream.headers);
    return this.#requestHeader;
  }

  get replyHeader(): Header {
    this.#replyHeader ??= new GrpcHeader();
    return this.#replyHeader;
  }

  get replyTrailer(): Header {
    this.#replyTrailer ??= new GrpcHeader();
    return this.#replyTrailer;
  }

  /** What the handler put into {@link replyHeader}; undefined when that is nothing. */
  get writtenHeader(): GrpcHeader | undefined {
    return findWritten(this.#replyHeader);
  }

  /** The same of {@link replyTrailer}. */
  get writtenTrailer(): GrpcHeader | undefined {
    return findWritten(this.#replyTrailer);
  }
}

function findWritten(header: GrpcHeader | undefined): GrpcHeader | undefined {
  return header === undefined || header.isEmpty ? undefined : header;
}
