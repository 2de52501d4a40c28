import type { IncomingMessage } from "node:http";
import type { Logger } from "../../../log/logger.ts";
import { BaseCallContext } from "../../call-context.ts";
import type { CallContext } from "../../context.ts";
import type { Header } from "../../header.ts";
import type { StopSignal } from "../../stop-signal.ts";
import { Connection } from "../listener/connection.ts";
import { HeaderMap } from "../header-map.ts";
import { forwardedAddress } from "../filter/trust-proxy.ts";

/** What a handler knows of a call that came over HTTP, beside what every call has. */
export interface HttpCallContext extends CallContext {
  readonly kind: "http";
  /** The template of the route, as in the proto. */
  readonly pathTemplate: string;
  /** The request as Node has it. Its body is read already, or by the server where requests stream. */
  readonly request: IncomingMessage;
  /**
   * The status of the reply of a unary call or an upload: 200 to 299, anything else is a `TypeError`. With 204 and
   * 205 no body is sent, whatever the handler returns. Clients take all of them for success. Default: 200.
   */
  replyStatus: number;
}

/** Reports whether a call came over HTTP, to this server. */
export function isHttpServerContext(context: CallContext): context is HttpCallContext {
  return context.kind === "http" && context.side === "server";
}

/** The context of one request. */
export class HttpServerContext extends BaseCallContext implements HttpCallContext {
  readonly side = "server";
  readonly kind = "http";
  readonly pathTemplate: string;
  readonly request: IncomingMessage;
  /** Called when a stream of requests gets to its handler, all middleware passed. */
  onHandler: (() => void) | undefined = undefined;
  #requestHeader: HeaderMap | undefined;
  #replyHeader: HeaderMap | undefined;
  #replyStatus = 200;

  constructor(
    operation: string,
    endpoint: string,
    logger: Logger,
    deadline: number | undefined,
    stop: StopSignal,
    pathTemplate: string,
    request: IncomingMessage,
  ) {
    super(operation, endpoint, logger, deadline, stop);
    this.pathTemplate = pathTemplate;
    this.request = request;
  }

  get peer(): string {
    return forwardedAddress(this.request) ?? Connection.ofRequest(this.request)?.peer ?? "";
  }

  get requestHeader(): Header {
    this.#requestHeader ??= HeaderMap.fromRaw(this.request.rawHeaders);
    return this.#requestHeader;
  }

  get replyHeader(): Header {
    this.#replyHeader ??= new HeaderMap();
    return this.#replyHeader;
  }

  get replyStatus(): number {
    return this.#replyStatus;
  }

  set replyStatus(status: number) {
    checkReplyStatus(status);
    this.#replyStatus = status;
  }

  /** What the handler put into {@link replyHeader}; undefined when it never looked at it. */
  get writtenHeader(): HeaderMap | undefined {
    return this.#replyHeader;
  }
}

/** Throws a `TypeError` for what {@link HttpCallContext.replyStatus} cannot be. */
export function checkReplyStatus(status: number): void {
  if (Number.isInteger(status) && status >= 200 && status <= 299) return;
  throw new TypeError(`${String(status)} is no status of a reply, use 200 to 299, or throw`);
}
