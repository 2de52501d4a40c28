import type { Logger } from "../../../log/logger.ts";
import { BaseCallContext } from "../../call-context.ts";
import type { CallOptions } from "../../method.ts";
import type { StopSignal } from "../../stop-signal.ts";
import { HeaderMap } from "../header-map.ts";

/** The context of one call that a client makes. */
export class HttpClientContext extends BaseCallContext {
  readonly side = "client";
  readonly kind = "http";
  readonly pathTemplate: string;
  readonly requestHeader: HeaderMap;
  /** Empty until the reply is there. */
  replyHeader: HeaderMap = new HeaderMap();
  /** Whether doing the call twice is as good as once; undefined: its route says it. */
  readonly repeatable: boolean | undefined;
  readonly #onHeader: CallOptions["onHeader"];
  #server: string;
  #stop: (() => void) | undefined;

  /** `headers` are names and values in turn, checked. */
  constructor(
    operation: string,
    endpoint: string,
    logger: Logger,
    deadline: number | undefined,
    stop: StopSignal,
    pathTemplate: string,
    headers: readonly string[],
    options: CallOptions,
  ) {
    super(operation, endpoint, logger, deadline, stop);
    this.pathTemplate = pathTemplate;
    this.requestHeader = HeaderMap.fromRaw(headers);
    this.repeatable = options.repeatable;
    this.#onHeader = options.onHeader;
    this.#server = endpoint;
  }

  /** The host and port that the last attempt went to; nobody tells the address behind a name. */
  get peer(): string {
    return /^https?:\/\/([^/]*)/.exec(this.#server)?.[1] ?? "";
  }

  /** A request goes to `server`, a URL. */
  startAttempt(server: string): void {
    this.#server = server;
  }

  /** Calls `stop` when the call is aborted, at once if it is. One at a time: the next takes its place. */
  onAbort(stop: (() => void) | undefined): void {
    this.#stop = stop;
    if (this.aborted) this.#end();
  }

  override abort(reason: unknown): void {
    super.abort(reason);
    this.#end();
  }

  /** Takes the headers of a reply; those of the last attempt count when middleware repeats the call. */
  receive(header: HeaderMap): void {
    this.replyHeader = header;
    this.#onHeader?.(header.toMap());
  }

  #end(): void {
    const stop = this.#stop;
    this.#stop = undefined;
    stop?.();
  }
}
