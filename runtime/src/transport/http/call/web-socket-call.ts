import { KratosError } from "../../../errors/kratos-error.ts";
import { MessageQueue } from "../../message-queue.ts";
import { stopIterator } from "../../stop-iterator.ts";
import { bindingError } from "../binding-error.ts";
import { findMessageFormat, bareType } from "../content/media-type.ts";
import { sendError } from "../reply/response.ts";
import {
  type CallHost,
  ServerCall,
  type ServerCallParts,
  serverStopped,
  stoppedReason,
  unencodable,
} from "./server-call.ts";
import type { MessageReader } from "../binding/stream-binding.ts";
import type { UpgradeResponse } from "../listener/upgrade.ts";
import type { WebSocketAcceptor } from "./web-socket-acceptor.ts";
import { closeReason, findControlFrame, writeErrorFrame } from "../stream/web-socket-frame.ts";
import { checkHandshake } from "./web-socket-handshake.ts";
import type { WebSocketEvents } from "../stream/web-socket-link.ts";
import { NodeWebSocketLink } from "../stream/web-socket-node.ts";

/**
 * A call with a stream of requests, over a WebSocket. The hand-shake is answered when all middleware has let
 * the call pass and its handler runs, so that what is refused before is refused over HTTP.
 */
export class WebSocketCall extends ServerCall implements WebSocketEvents {
  readonly #acceptor: WebSocketAcceptor;
  readonly #requests: MessageQueue;
  readonly #binaryRequests: boolean;
  readonly #binaryReplies: boolean;
  #response: UpgradeResponse | undefined;
  #link: NodeWebSocketLink | undefined;
  #reader: MessageReader | undefined;
  #replies: AsyncIterator<unknown> | undefined;
  #requestsEnded = false;
  #wake: (() => void) | undefined;

  constructor(
    host: CallHost,
    parts: ServerCallParts,
    response: UpgradeResponse,
    acceptor: WebSocketAcceptor,
  ) {
    super(host, parts);
    this.#acceptor = acceptor;
    this.#response = response;
    this.#requests = new MessageQueue({
      pause: () => this.#link?.pause(),
      resume: () => this.#link?.resume(),
    });
    const { accept, "content-type": contentType } = parts.request.headers;
    this.#binaryRequests = isBinary(contentType, accept);
    this.#binaryReplies = isBinary(accept, contentType);
  }

  override run(): void {
    this.open();
    try {
      checkHandshake(this.request, this.context, this.host.allowedOrigins);
      this.#reader = this.openRequests();
    } catch (error) {
      this.reject(error);
      return;
    }
    // A handler that fails before it waits for anything is answered over HTTP, too.
    this.context.onHandler = () => setImmediate(() => this.#accept());
    void this.#run();
  }

  override onConnectionLost(reason: "client" | "server"): void {
    if (reason === "server") this.cut(serverStopped());
    else super.onConnectionLost(reason);
  }

  override onProtocolError(): void {} // what follows the hand-shake is no HTTP

  onMessage(data: string | Uint8Array): void {
    if (this.ended || this.#requestsEnded) return;
    const control = typeof data === "string" ? findControlFrame(data) : undefined;
    try {
      if (control === undefined) this.#push(data);
      else if (control.kind === "end") this.#endRequests();
      else this.#leave(new KratosError(499, "CLIENT_CLOSED", `the client failed: ${control.text}`));
    } catch (error) {
      this.fail(error);
      this.context.abort(error);
    }
  }

  onError(error: Error, tooLarge: boolean): void {
    const message = `a message is larger than ${this.route.maxBodyBytes} bytes`;
    this.#leave(
      tooLarge
        ? new KratosError(413, "BODY_TOO_LARGE", message)
        : bindingError(`the WebSocket broke: ${error.message}`, error),
    );
  }

  onClose(): void {
    this.onConnectionLost("client");
  }

  protected override sendFailure(error: KratosError): void {
    const link = this.#link;
    if (link === undefined) {
      const response = this.#response;
      this.#response = undefined;
      if (response !== undefined) {
        sendError(response, error, this.context.writtenHeader, this.host);
      }
      return;
    }
    void link.send(writeErrorFrame(error));
    // 1001 says that the server goes, and not that it failed.
    link.close(error.reason === stoppedReason ? 1001 : 1011, closeReason(error));
  }

  protected override release(error: KratosError | undefined): void {
    this.context.onHandler = undefined;
    if (error === undefined) this.#requests.end();
    else this.#requests.fail(error);
    this.#resume();
    // A generator that waits for something else sees this once it goes on; it should watch the signal.
    void stopIterator(this.#replies);
  }

  async #run(): Promise<void> {
    const { route, context } = this;
    try {
      const result = await route.handler(this.#requests, context);
      if (this.ended) return;
      if (route.kind === "bidiStreaming") {
        await this.#sendAll(result as AsyncIterable<unknown>);
      } else {
        void this.#send(result);
        this.#succeed();
      }
    } catch (error) {
      this.fail(error);
    }
  }

  async #sendAll(replies: AsyncIterable<unknown>): Promise<void> {
    const iterator = replies[Symbol.asyncIterator]();
    this.#replies = iterator;
    while (!this.ended) {
      const step = await iterator.next(); // oxlint-disable-line no-await-in-loop -- one reply after the other
      if (this.ended) return;
      if (step.done === true) {
        this.#replies = undefined; // nothing is left to release
        this.#succeed();
        return;
      }
      const drained = this.#send(step.value);
      if (drained === undefined) continue;
      // oxlint-disable-next-line no-await-in-loop -- as above
      await Promise.race([drained, this.#released()]);
    }
    // The call ended before the first reply was asked for.
    await stopIterator(iterator);
  }

  #send(reply: unknown): Promise<void> | undefined {
    this.#accept();
    const accept = this.#binaryReplies ? "application/proto" : undefined;
    let body: string | Uint8Array;
    try {
      ({ body } = this.route.encodeReply(reply, accept, this.context));
    } catch (cause) {
      throw unencodable(this.route.operation, cause);
    }
    return this.#link?.send(body);
  }

  #succeed(): void {
    if (this.ended) return;
    this.#accept();
    this.end();
    this.#link?.close(1000, "");
  }

  /** Answers the hand-shake, unless that is done. */
  #accept(): void {
    const response = this.#response;
    if (this.ended || response === undefined) return;
    this.#response = undefined;
    const { context, route, host } = this;
    const socket = this.#acceptor.accept(response, route.maxBodyBytes, context.writtenHeader);
    if (socket === undefined) this.#leave(bindingError("the WebSocket hand-shake is malformed"));
    else this.#link = new NodeWebSocketLink(socket, this, host.heartbeat);
  }

  #push(data: string | Uint8Array): void {
    const bytes = typeof data === "string" ? Buffer.from(data) : (data as Buffer);
    const format = this.#binaryRequests && typeof data !== "string" ? "binary" : "json";
    const contentType = this.request.headers["content-type"] ?? "";
    this.#requests.push(this.#reader!.read({ bytes, format, contentType }), bytes.length);
  }

  #endRequests(): void {
    this.#requestsEnded = true;
    this.#requests.end();
  }

  /** The client is gone, or is not understood any more. */
  #leave(error: KratosError): void {
    if (this.ended) return;
    this.end(error);
    this.context.abort(error);
    this.#link?.close(1000, "");
  }

  #released(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  #resume(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }
}

/** Whether the first of two headers that names a format of messages names the binary one. */
function isBinary(...headers: readonly (string | undefined)[]): boolean {
  for (const header of headers) {
    for (const entry of header?.split(",") ?? []) {
      const format = findMessageFormat(bareType(entry));
      if (format !== undefined) return format === "binary";
    }
  }
  return false;
}
