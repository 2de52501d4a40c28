import type { ServerResponse } from "node:http";
import { KratosError } from "../../errors/kratos-error.ts";
import { MessageQueue } from "../message-queue.ts";
import { JsonSplitter } from "./json-splitter.ts";
import { bareType, findMessageFormat } from "./media-type.ts";
import { sendError, sendReply } from "./response.ts";
import { type CallHost, ServerCall, type ServerCallParts, unencodable } from "./server-call.ts";
import type { MessageReader } from "./stream-binding.ts";

/** What is thrown away of a body that nobody reads any more before the connection is cut. */
const maxDiscardedBytes = 16 * 1024 * 1024;

/**
 * A call with a stream of requests and one reply, as one HTTP request: its body is lines of JSON, or an array
 * of it. The handler runs from the start, and a handler that is slower than the body stops it.
 */
export class UploadCall extends ServerCall {
  readonly #response: ServerResponse;
  readonly #requests: MessageQueue;
  #reader: MessageReader | undefined;
  #splitter: JsonSplitter | undefined;
  #discarded = 0;

  constructor(host: CallHost, parts: ServerCallParts, response: ServerResponse) {
    super(host, parts);
    this.#response = response;
    this.#requests = new MessageQueue(parts.request);
  }

  override run(): void {
    const { request, route } = this;
    const { requests } = route;
    this.open();
    request.on("data", (bytes: Buffer) => this.#receive(bytes));
    request.on("end", () => this.#receiveEnd());
    this.#response.on("close", () => this.onConnectionLost("client"));
    const contentType = request.headers["content-type"];
    try {
      this.#reader = this.openRequests();
      if (requests?.body === "raw") {
        if (!isPlain(request.headers["content-encoding"])) throw encoded();
      } else {
        checkContent(contentType, request.headers["content-encoding"]);
        this.#splitter = new JsonSplitter(route.maxBodyBytes, (text) =>
          this.#push(text, text.length),
        );
      }
    } catch (error) {
      this.reject(error);
      return;
    }
    void this.#run();
  }

  override onProtocolError(status: number, message: string): void {
    if (this.request.complete) return;
    this.#response.shouldKeepAlive = false;
    this.cut(new KratosError(status, "CODEC", message));
  }

  protected override sendFailure(error: KratosError): void {
    sendError(this.#response, error, this.context.writtenHeader, this.host);
  }

  protected override release(error: KratosError | undefined): void {
    if (error === undefined) this.#requests.end();
    else this.#requests.fail(error);
    this.#splitter = undefined;
    // A client sees an answer only if it can finish sending.
    this.request.resume();
  }

  async #run(): Promise<void> {
    const { route, context } = this;
    try {
      const reply = await route.handler(this.#requests, context);
      if (this.ended) return;
      let encoded;
      try {
        encoded = route.encodeReply(reply, this.request.headers.accept, context);
      } catch (cause) {
        throw unencodable(route.operation, cause);
      }
      const { contentType, body } = encoded;
      sendReply(this.#response, 200, contentType, body, context.writtenHeader, this.host);
      this.end();
    } catch (error) {
      this.fail(error);
    }
  }

  #receive(bytes: Buffer): void {
    if (this.ended) {
      this.#discarded += bytes.length;
      if (this.#discarded > maxDiscardedBytes) this.request.socket.destroy();
      return;
    }
    try {
      if (this.#splitter === undefined) this.#push(bytes, bytes.length);
      else this.#splitter.push(bytes);
    } catch (error) {
      this.reject(error);
    }
  }

  #receiveEnd(): void {
    if (this.ended) return;
    try {
      this.#splitter?.end();
      this.#requests.end();
    } catch (error) {
      this.reject(error);
    }
  }

  #push(bytes: Buffer, size: number): void {
    const contentType = this.request.headers["content-type"] ?? "";
    this.#requests.push(this.#reader!.read({ bytes, format: "json", contentType }), size);
  }
}

function checkContent(contentType: string | undefined, encoding: string | undefined): void {
  const type = bareType(contentType ?? "");
  const known = ["", "application/x-ndjson", "application/jsonl"];
  if (!known.includes(type) && findMessageFormat(type) !== "json") {
    const message = `content type "${contentType}" is not supported, use "application/x-ndjson" or "application/json"`;
    throw new KratosError(415, "CODEC", message);
  }
  if (!isPlain(encoding)) throw encoded();
}

function isPlain(encoding: string | undefined): boolean {
  return encoding === undefined || /^\s*(?:identity)?\s*$/i.test(encoding);
}

function encoded(): KratosError {
  const message = "a stream cannot be read with a content encoding, send it without";
  return new KratosError(415, "CODEC", message);
}
