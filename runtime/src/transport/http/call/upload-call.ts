import type { ServerResponse } from "node:http";
import type { Readable, Transform } from "node:stream";
import { KratosError } from "../../../errors/kratos-error.ts";
import { MessageQueue } from "../../message-queue.ts";
import { createUnpackStream, unpackError } from "../content/decompression.ts";
import { JsonSplitter } from "../stream/json-splitter.ts";
import { bareType, findMessageFormat } from "../content/media-type.ts";
import { isBodiless, sendBodiless, sendError, sendReply } from "../reply/response.ts";
import {
  type CallHost,
  ServerCall,
  type ServerCallParts,
  serverStopped,
  unencodable,
} from "./server-call.ts";
import type { MessageReader } from "../binding/stream-binding.ts";

/** What is thrown away of a body that nobody reads any more before the connection is cut. */
const maxDiscardedBytes = 16 * 1024 * 1024;

/**
 * A call with a stream of requests and one reply, as one HTTP request: its body is lines of JSON, or an array
 * of it. The handler runs from the start, and a handler that is slower than the body stops it.
 */
export class UploadCall extends ServerCall {
  readonly #response: ServerResponse;
  readonly #requests: MessageQueue;
  /** Undoes the body's content encoding, if it has one. */
  #unpack: Transform | undefined;
  #reader: MessageReader | undefined;
  #splitter: JsonSplitter | undefined;
  #empty = true;
  #discarded = 0;

  constructor(host: CallHost, parts: ServerCallParts, response: ServerResponse) {
    super(host, parts);
    this.#response = response;
    this.#requests = new MessageQueue({
      pause: () => this.#source.pause(),
      resume: () => this.#source.resume(),
    });
  }

  override run(): void {
    const { request, route } = this;
    const { requests } = route;
    this.open();
    this.#response.on("close", () => this.onConnectionLost("client"));
    const contentType = request.headers["content-type"];
    try {
      this.#reader = this.openRequests();
      this.#unpack = createUnpackStream(request.headers["content-encoding"]);
      if (requests?.body !== "raw") {
        checkContent(contentType);
        this.#splitter = new JsonSplitter(route.maxBodyBytes, (text) =>
          this.#push(text, text.length),
        );
      }
    } catch (error) {
      this.reject(error);
      return;
    }
    this.#unpack?.on("error", (error) => this.#refuse(unpackError(error)));
    if (this.#unpack !== undefined) request.pipe(this.#unpack);
    this.#source.on("data", (bytes: Buffer) => this.#receive(bytes));
    this.#source.on("end", () => this.#receiveEnd());
    void this.#run();
  }

  override onConnectionLost(reason: "client" | "server"): void {
    if (reason === "server") this.cut(serverStopped());
    else super.onConnectionLost(reason);
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
    if (this.#unpack !== undefined) this.request.unpipe(this.#unpack);
    this.#unpack?.destroy();
    // A client sees an answer only if it can finish sending.
    this.request.on("data", (bytes: Buffer) => this.#discard(bytes));
    this.request.resume();
  }

  /** Where the bytes of the stream come from. */
  get #source(): Readable {
    return this.#unpack ?? this.request;
  }

  async #run(): Promise<void> {
    const { route, context } = this;
    try {
      const reply = await route.handler(this.#requests, context);
      if (this.ended) return;
      const { replyStatus: status, writtenHeader: header } = context;
      if (isBodiless(status)) {
        sendBodiless(this.#response, status, header, this.host);
        this.end();
        return;
      }
      let encoded;
      try {
        encoded = route.encodeReply(reply, this.request.headers.accept, context);
      } catch (cause) {
        throw unencodable(route.operation, cause);
      }
      const { contentType, body } = encoded;
      sendReply(this.#response, status, contentType, body, header, this.host);
      this.end();
    } catch (error) {
      this.fail(error);
    }
  }

  #receive(bytes: Buffer): void {
    if (this.ended) return;
    try {
      if (this.#splitter === undefined) this.#push(bytes, bytes.length);
      else this.#splitter.push(bytes);
    } catch (error) {
      this.#refuse(error);
    }
  }

  #receiveEnd(): void {
    if (this.ended) return;
    try {
      // Of bytes there is always a message: nothing else says what the path and the query hold.
      if (this.#splitter === undefined && this.#empty) this.#push(Buffer.alloc(0), 0);
      this.#splitter?.end();
      this.#requests.end();
    } catch (error) {
      this.#refuse(error);
    }
  }

  /** Ends a call whose handler runs already. */
  #refuse(error: unknown): void {
    this.reject(error);
    this.context.abort(error);
  }

  #discard(bytes: Buffer): void {
    this.#discarded += bytes.length;
    if (this.#discarded > maxDiscardedBytes) this.request.socket.destroy();
  }

  #push(bytes: Buffer, size: number): void {
    const contentType = this.request.headers["content-type"] ?? "";
    this.#empty = false;
    this.#requests.push(this.#reader!.read({ bytes, format: "json", contentType }), size);
  }
}

function checkContent(contentType: string | undefined): void {
  const type = bareType(contentType ?? "");
  const known = ["", "application/x-ndjson", "application/jsonl"];
  if (!known.includes(type) && findMessageFormat(type) !== "json") {
    const message = `content type "${contentType}" is not supported, use "application/x-ndjson" or "application/json"`;
    throw new KratosError(415, "CODEC", message);
  }
}
