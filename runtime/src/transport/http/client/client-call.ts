import { fromError } from "../../../errors/from-error.ts";
import type { Pick } from "../../../selector/balancer.ts";
import type { ServiceNode } from "../../../selector/service-node.ts";
import type { HttpClientContext } from "./client-context.ts";
import { readReplyError, unreachable } from "./client-error.ts";
import { followRedirect } from "./client-redirect.ts";
import type { AttemptFailure, RetryPolicy } from "./client-retry.ts";
import type { EncodedRequest } from "./client-route.ts";
import {
  type HttpSender,
  type IncomingReply,
  type OutgoingRequest,
  SendError,
} from "./client-sender.ts";
import type { ClientTarget } from "./client-target.ts";
import type { HeaderMap } from "../header-map.ts";

/** What calls of a client share. */
export interface ClientCallSource {
  readonly target: ClientTarget;
  /** What requests go by that are no WebSockets. */
  readonly sender: HttpSender;
  readonly retry: RetryPolicy;
  /** The largest reply that is taken, in bytes. */
  readonly maxReceiveBytes: number;
}

/** Milliseconds that a connection may take to open while there are other servers to try. */
const connectTimeout = 1000;

/** Redirects that are followed, one after the other. */
const maxRedirects = 5;

/** Takes a reply that is none of an error. What it throws is what the call fails with. */
export type ReplyReader<T> = (reply: IncomingReply) => Promise<T>;

/** One call: picks a server, sends, and again where that is right. */
export class HttpClientCall<T> {
  readonly #source: ClientCallSource;
  readonly #sender: HttpSender;
  readonly #context: HttpClientContext;
  readonly #request: EncodedRequest;
  readonly #headers: readonly string[];
  readonly #repeatable: boolean;
  readonly #until: number | undefined;
  readonly #read: ReplyReader<T>;
  #attempts = 0;
  /** Servers that failed. */
  #tried: readonly ServiceNode[] = [];
  /** How the last attempt failed; undefined when no other could be better. */
  #failure: AttemptFailure | undefined;
  /** Whether the last attempt found nobody at the server that was picked. */
  #foundNobody = false;
  /** The headers of an answer that says that the call failed. */
  #failureHeader: HeaderMap | undefined;
  /** Whether a kept connection had gone, so that the next attempt takes a new one. */
  #fresh = false;
  /** Where the last request went: to the server that was picked, or where that has pointed. */
  #origin = "";

  /**
   * `headers` are names in lower case and values in turn. `repeatable`: doing it twice is as good as once.
   * `until`: when the last attempt must have begun, in milliseconds since the epoch.
   */
  constructor(
    source: ClientCallSource,
    sender: HttpSender,
    context: HttpClientContext,
    request: EncodedRequest,
    headers: readonly string[],
    repeatable: boolean,
    until: number | undefined,
    read: ReplyReader<T>,
  ) {
    this.#source = source;
    this.#sender = sender;
    this.#context = context;
    this.#request = request;
    this.#headers = headers;
    this.#repeatable = repeatable;
    this.#until = until;
    this.#read = read;
  }

  /** Rejects with what the last attempt failed with. */
  async run(): Promise<T> {
    /* oxlint-disable no-await-in-loop -- one attempt after the other */
    for (;;) {
      const pick = await this.#pick();
      try {
        const reply = await this.#attempt(pick?.node);
        pick?.done(undefined);
        this.#source.retry.succeeded();
        return reply;
      } catch (error) {
        pick?.done(error);
        const delay = this.#delay(pick?.node);
        if (delay === undefined) {
          if (this.#failureHeader !== undefined) this.#receive(this.#failureHeader);
          throw error;
        }
        const { logger, operation } = this.#context;
        logger.debug({ err: error, operation, delay }, "a call is sent again");
        if (delay > 0) await this.#sleep(delay);
      } finally {
        this.#context.onAbort(undefined);
      }
    }
    /* oxlint-enable no-await-in-loop */
  }

  /** The server for the next attempt; undefined when there is but one. */
  async #pick(): Promise<Pick | undefined> {
    const { target } = this.#source;
    if (this.#context.aborted) throw this.#context.signal.reason;
    if (target.origin !== undefined) return undefined;
    const ready = target.ready(this.#context);
    if (ready !== undefined) await ready;
    return target.pick(this.#context, this.#tried);
  }

  async #attempt(node: ServiceNode | undefined): Promise<T> {
    const { target } = this.#source;
    const where = node === undefined ? (target.origin ?? "") : `${node.scheme}://${node.address}`;
    this.#failure = undefined;
    this.#foundNobody = false;
    this.#failureHeader = undefined;
    this.#context.startAttempt(where);
    try {
      const reply = await this.#send(where, target.baseOf(node));
      if (node !== undefined) target.reached(node);
      if (isSuccess(reply.status)) return await this.#accept(reply);
      const retryAfter = reply.header.get("retry-after");
      this.#failure = { fate: "answered", status: reply.status, retryAfter };
      this.#failureHeader = reply.header;
      throw await readReplyError(reply, this.#source.maxReceiveBytes);
    } catch (error) {
      if (this.#context.aborted) throw this.#context.signal.reason;
      if (!(error instanceof SendError)) throw error;
      this.#failure = { fate: error.fate, status: 0, retryAfter: undefined };
      const elsewhere = this.#origin !== where;
      if (node !== undefined && error.fate === "unreachable" && !elsewhere) {
        target.unreachable(node);
        this.#foundNobody = true;
      }
      throw unreachable(this.#origin, error);
    }
  }

  async #send(origin: string, base: string): Promise<IncomingReply> {
    const { target } = this.#source;
    const sender = this.#sender;
    const { method, path, body } = this.#request;
    let request: OutgoingRequest = {
      method,
      origin,
      path: base + path,
      headers: this.#headers,
      body,
      deadline: this.#context.deadline,
      connectTimeout: target.hasSeveral ? connectTimeout : undefined,
      fresh: this.#fresh,
    };
    this.#origin = origin;
    let reply = await sender.send(request, this.#context);
    for (let hops = 0; reply.status >= 300 && reply.status < 400 && hops < maxRedirects; hops++) {
      const next = followRedirect(request, reply);
      if (next === undefined) break;
      reply.discard();
      request = next;
      this.#origin = next.origin;
      reply = await sender.send(request, this.#context); // oxlint-disable-line no-await-in-loop -- one hop after the other
    }
    return reply;
  }

  #accept(reply: IncomingReply): Promise<T> {
    try {
      this.#receive(reply.header);
    } catch (error) {
      reply.discard();
      throw error;
    }
    return this.#read(reply);
  }

  #receive(header: HeaderMap): void {
    try {
      this.#context.receive(header);
    } catch (error) {
      throw fromError(error);
    }
  }

  /** How long to wait before the next attempt, in milliseconds; undefined: there is none. */
  #delay(node: ServiceNode | undefined): number | undefined {
    const { retry, target } = this.#source;
    if (this.#failure === undefined || this.#context.aborted) return undefined;
    if (!this.#fresh && retry.repeatsLost(this.#failure, this.#repeatable)) {
      this.#fresh = true;
      return 0;
    }
    if (node !== undefined) this.#tried = [...this.#tried, node];
    this.#attempts += 1;
    return retry.delayAfter(this.#attempts, this.#failure, {
      repeatable: this.#repeatable,
      elsewhere: node !== undefined && target.hasUntried(this.#context, this.#tried),
      passedOver: this.#foundNobody && !target.allRest,
      left: this.#until === undefined ? Number.POSITIVE_INFINITY : this.#until - Date.now(),
    });
  }

  async #sleep(milliseconds: number): Promise<void> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    await new Promise<void>((resolve) => {
      timer = setTimeout(resolve, milliseconds);
      this.#context.onAbort(resolve);
    });
    clearTimeout(timer);
  }
}

/** 101: what was asked for is a WebSocket, and open. */
function isSuccess(status: number): boolean {
  return (status >= 200 && status < 300) || status === 101;
}
