import type { Logger } from "../../log/logger.ts";
import { BaseCallContext } from "../call-context.ts";
import type { CallOptions } from "../method.ts";
import { HeaderMap } from "./header-map.ts";

/** The context of one call that a client makes. */
export class HttpClientContext extends BaseCallContext {
  readonly side = "client";
  readonly kind = "http";
  readonly pathTemplate: string;
  readonly requestHeader: HeaderMap = new HeaderMap();
  /** Empty until the reply is there. */
  replyHeader: HeaderMap = new HeaderMap();
  readonly #onHeader: CallOptions["onHeader"];

  constructor(
    operation: string,
    endpoint: string,
    logger: Logger,
    deadline: number | undefined,
    pathTemplate: string,
    onHeader: CallOptions["onHeader"],
  ) {
    super(operation, endpoint, logger, deadline);
    this.pathTemplate = pathTemplate;
    this.#onHeader = onHeader;
  }

  /** The host and port of the endpoint; `fetch` does not tell the address behind it. */
  get peer(): string {
    return /^https?:\/\/([^/]*)/.exec(this.endpoint)?.[1] ?? "";
  }

  /** Takes the headers of a reply; those of the last attempt count when middleware repeats the call. */
  receive(headers: Headers): void {
    this.replyHeader = HeaderMap.fromRaw([...headers].flat());
    this.#onHeader?.(this.replyHeader.toMap());
  }
}
