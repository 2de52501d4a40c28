import type { Logger } from "../../../log/logger.ts";
import { BaseCallContext } from "../../call-context.ts";
import type { Header } from "../../header.ts";
import type { ServerStream } from "../../http2/server-engine.ts";
import { GrpcHeader } from "../protocol/metadata.ts";

/** What a handler knows about a gRPC call. */
export class GrpcServerContext extends BaseCallContext {
  readonly side = "server";
  readonly kind = "grpc";
  readonly #stream: ServerStream;
  #requestHeader: GrpcHeader | undefined;
  #replyHeader: GrpcHeader | undefined;

  constructor(
    operation: string,
    endpoint: string,
    logger: Logger,
    deadline: number | undefined,
    stream: ServerStream,
  ) {
    super(operation, endpoint, logger, deadline);
    this.#stream = stream;
  }

  get peer(): string {
    return this.#stream.connection.remoteAddress;
  }

  get requestHeader(): Header {
    this.#requestHeader ??= GrpcHeader.from(this.#stream.headers);
    return this.#requestHeader;
  }

  get replyHeader(): Header {
    this.#replyHeader ??= new GrpcHeader();
    return this.#replyHeader;
  }

  /** What the handler put into {@link replyHeader}; undefined when that is nothing. */
  get writtenHeader(): GrpcHeader | undefined {
    const header = this.#replyHeader;
    return header === undefined || header.isEmpty ? undefined : header;
  }
}
