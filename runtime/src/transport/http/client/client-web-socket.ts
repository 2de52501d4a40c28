import { fromError } from "../../../errors/from-error.ts";
import { KratosError } from "../../../errors/kratos-error.ts";
import { MessageQueue, type QueueSource } from "../../message-queue.ts";
import { stopIterator } from "../../stop-iterator.ts";
import type { HttpClientContext } from "./client-context.ts";
import type { ClientRoute } from "./client-route.ts";
import type { ClientStreamHost } from "./client-stream.ts";
import { toWebSocketLink, WebSocketSender } from "./client-web-socket-sender.ts";
import type { MessageRecord } from "../binding/field-access.ts";
import {
  closeReason,
  endFrame,
  findControlFrame,
  parseErrorText,
  writeErrorFrame,
} from "../stream/web-socket-frame.ts";
import type { WebSocketEvents, WebSocketLink } from "../stream/web-socket-link.ts";

/**
 * Sends messages over a WebSocket and returns what comes back. The first message decides about the path, and
 * nothing is opened before it is there. With `single`, one reply is the end.
 */
export function exchangeMessages(
  host: ClientStreamHost,
  route: ClientRoute,
  context: HttpClientContext,
  requests: AsyncIterable<MessageRecord>,
  single: boolean,
): AsyncIterable<object> {
  const exchange = new Exchange(host, route, context, requests[Symbol.asyncIterator](), single);
  void exchange.run();
  return exchange.replies as AsyncIterable<object>;
}

class Exchange implements WebSocketEvents, QueueSource {
  readonly replies: MessageQueue;
  readonly #host: ClientStreamHost;
  readonly #route: ClientRoute;
  readonly #context: HttpClientContext;
  readonly #requests: AsyncIterator<MessageRecord>;
  readonly #single: boolean;
  #link: WebSocketLink | undefined;
  /** Whether nothing more is to come for now. */
  #paused = false;
  #requestsEnded = false;
  #ended = false;

  constructor(
    host: ClientStreamHost,
    route: ClientRoute,
    context: HttpClientContext,
    requests: AsyncIterator<MessageRecord>,
    single: boolean,
  ) {
    this.#host = host;
    this.#route = route;
    this.#context = context;
    this.#requests = requests;
    this.#single = single;
    this.replies = new MessageQueue(this, () => {
      this.#cancel(new KratosError(499, "CLIENT_CLOSED", "the replies were read no further"));
    });
    const { signal } = context;
    signal.addEventListener("abort", this.#onAbort, { once: true });
    if (signal.aborted) this.#onAbort();
  }

  async run(): Promise<void> {
    try {
      const first = await this.#requests.next();
      if (this.#ended) return;
      const message = first.done === true ? {} : first.value;
      const link = await this.#open(message);
      if (this.#ended) {
        link.close(abortCode, "the call was aborted");
        return;
      }
      this.#link = link;
      // Many messages may have followed the handshake closely.
      if (this.#paused) link.pause();
      await this.#sendAll(link, first);
    } catch (error) {
      this.#failRequests(error);
    }
  }

  pause(): void {
    this.#paused = true;
    this.#link?.pause();
  }

  resume(): void {
    this.#paused = false;
    this.#link?.resume();
  }

  onMessage(data: string | Uint8Array): void {
    if (this.#ended) return;
    try {
      const control = typeof data === "string" ? findControlFrame(data) : undefined;
      if (control?.kind === "error") {
        this.#fail(parseErrorText(control.text));
      } else if (control === undefined) {
        const bytes = typeof data === "string" ? new TextEncoder().encode(data) : data;
        const type = this.#route.rawReply ? "" : this.#host.mediaType;
        this.replies.push(this.#route.decode(bytes, type), bytes.length);
        if (this.#single) this.#finish();
      }
    } catch (error) {
      this.#fail(error);
    }
  }

  onError(error: Error, tooLarge: boolean): void {
    const limit = this.#host.maxReceiveBytes;
    this.#fail(
      tooLarge
        ? new KratosError(500, "CODEC", `a message is larger than the limit of ${limit} bytes`)
        : lost(error.message, error),
    );
  }

  onClose(code: number, reason: string): void {
    if (this.#ended) return;
    if (reason.startsWith("error: code = ")) {
      this.#fail(parseErrorText(reason));
    } else if (code === 1000 || code === 1001) {
      // Kratos ends streams with these, and says before if anything went wrong.
      this.#finish();
    } else if (code === 1009) {
      const message = "the service takes no message of this size";
      this.#fail(new KratosError(413, "BODY_TOO_LARGE", message));
    } else {
      this.#fail(lost(reason || `it ended with code ${code}`));
    }
  }

  #open(message: MessageRecord): Promise<WebSocketLink> {
    const host = this.#host;
    const encoded = this.#route.encode(message);
    const { mediaType } = host;
    const until = host.openUntil();
    return host.send(
      this.#route,
      // Kratos finds the format of messages in the headers of the handshake.
      { ...encoded, contentType: encoded.contentType ?? mediaType },
      this.#context,
      mediaType,
      until,
      toWebSocketLink,
      new WebSocketSender(host, this, until),
    );
  }

  async #sendAll(link: WebSocketLink, first: IteratorResult<MessageRecord>): Promise<void> {
    let step = first;
    while (step.done !== true) {
      const { body } = this.#route.encodeFrame(step.value);
      // oxlint-disable-next-line no-await-in-loop -- one message after the other
      await link.send(body ?? "");
      if (this.#ended) return;
      step = await this.#requests.next(); // oxlint-disable-line no-await-in-loop -- as above
      if (this.#ended) return;
    }
    this.#requestsEnded = true;
    void link.send(endFrame);
  }

  #finish(): void {
    this.#end();
    this.replies.end();
  }

  /** The server's own words, or what is wrong here. */
  #fail(thrown: unknown): void {
    if (this.#ended) return;
    const error: unknown = this.#context.aborted ? this.#context.signal.reason : thrown;
    this.#end();
    this.replies.fail(error);
  }

  /** The caller's messages cannot be had, so that the server must not take what came for all there is. */
  #failRequests(thrown: unknown): void {
    if (this.#ended) return;
    const error = fromError(thrown);
    void this.#link?.send(writeErrorFrame(error));
    const link = this.#link;
    this.#link = undefined;
    this.#fail(error);
    link?.close(abortCode, closeReason(error));
  }

  /** Ends the call for a reason that the server is to know. */
  #cancel(error: KratosError): void {
    if (this.#ended) return;
    const link = this.#link;
    this.#link = undefined;
    this.#end();
    this.replies.fail(error);
    link?.close(abortCode, closeReason(error));
  }

  #end(): void {
    this.#ended = true;
    this.#context.signal.removeEventListener("abort", this.#onAbort);
    this.#link?.close(1000, "");
    this.#link = undefined;
    if (!this.#requestsEnded) void stopIterator(this.#requests);
  }

  readonly #onAbort = (): void => {
    this.#cancel(this.#context.signal.reason as KratosError);
  };
}

/** Says to a server that nobody waits for its replies; 1000 would say that all is well. */
const abortCode = 4499;

function lost(why: string, cause?: Error): KratosError {
  const options = cause === undefined ? {} : { cause };
  return new KratosError(503, "UNREACHABLE", `the connection was lost: ${why}`, options);
}
