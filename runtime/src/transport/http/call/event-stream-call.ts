import type { KratosError } from "../../../errors/kratos-error.ts";
import { stopIterator } from "../../stop-iterator.ts";
import type { RequestBody } from "../binding/message-body.ts";
import { BodyCall } from "./body-call.ts";
import { breakOff } from "../reply/break-off.ts";
import type { HeaderMap } from "../header-map.ts";
import { dropLateWrites } from "../reply/late-writes.ts";
import type { EncodedReply } from "../reply/reply.ts";
import { serverStopped, unencodable } from "./server-call.ts";
import { chooseStreamFormat, type StreamFormat } from "../reply/stream-format.ts";
import { sendStreamHead } from "../reply/stream-head.ts";

/** A call with one request and a stream of replies: events, or lines of JSON, as its client likes. */
export class EventStreamCall extends BodyCall {
  #format: StreamFormat | undefined;
  #replies: AsyncIterator<unknown> | undefined;
  #wake: (() => void) | undefined;
  #heartbeat: NodeJS.Timeout | undefined;
  /** Bytes still to come of those that the handler has promised; undefined: any number. */
  #missing: number | undefined;
  /** Nothing was sent since the last heartbeat. */
  #quiet = false;

  override onConnectionLost(reason: "client" | "server"): void {
    if (reason === "server") this.cut(serverStopped());
    else super.onConnectionLost(reason);
  }

  protected override receive(body: RequestBody | undefined): void {
    let request: unknown;
    try {
      request = this.bind(body);
    } catch (error) {
      this.reject(error);
      return;
    }
    const { response, host } = this;
    this.#format = chooseStreamFormat(this.request.headers.accept, this.route.rawReply);
    if (this.request.method === "HEAD") {
      this.#respond("application/octet-stream");
      response.end();
      this.end();
      return;
    }
    this.open();
    dropLateWrites(response);
    response.on("drain", () => this.#resume());
    // A connection may carry several calls, of which one is given up.
    response.on("close", () => this.onConnectionLost("client"));
    if (host.heartbeat > 0 && this.#format.heartbeat !== undefined) {
      this.#heartbeat = setInterval(() => this.#beat(), host.heartbeat).unref();
    }
    void this.#run(request);
  }

  protected override sendFailure(error: KratosError): void {
    const { response } = this;
    if (!response.headersSent) {
      super.sendFailure(error);
      return;
    }
    const lastWords = this.#format?.failure(error);
    // A stream that breaks off is at least no whole one.
    if (lastWords === undefined) breakOff(response);
    else response.end(lastWords);
  }

  protected override release(): void {
    clearInterval(this.#heartbeat);
    this.#resume();
    // A generator that waits for something else sees this once it goes on; it should watch the signal.
    void stopIterator(this.#replies);
  }

  async #run(request: unknown): Promise<void> {
    try {
      const replies = await this.route.handler(request, this.context);
      await this.#sendAll(replies as AsyncIterable<unknown>);
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
        this.#respond("application/octet-stream");
        if (this.#missing !== undefined) this.#count(0, true);
        this.end();
        this.response.end();
        return;
      }
      if (!this.#send(step.value)) await this.#drained(); // oxlint-disable-line no-await-in-loop -- as above
    }
    // The call ended before the first reply was asked for.
    await stopIterator(iterator);
  }

  /** Returns false when the client has to catch up before more is sent. */
  #send(reply: unknown): boolean {
    let encoded: EncodedReply;
    try {
      encoded = this.route.encodeReply(reply, undefined, this.context);
    } catch (cause) {
      throw unencodable(this.route.operation, cause);
    }
    this.#respond(encoded.contentType);
    this.#quiet = false;
    if (this.#missing !== undefined) this.#count(encoded.body.length, false);
    return this.response.write(this.#format!.message(encoded));
  }

  #respond(contentType: string): void {
    if (this.response.headersSent) return;
    const { context, host } = this;
    const type = this.#format?.contentType ?? contentType;
    // Only the length of raw bytes is the handler's to know.
    if (this.#format?.contentType === undefined) this.#missing = findLength(context.writtenHeader);
    sendStreamHead(this.response, type, context.writtenHeader, host, this.#missing);
  }

  /** A client that was promised a length would take what follows for the next response. */
  #count(bytes: number, isEnd: boolean): void {
    this.#missing! -= bytes;
    if (this.#missing! >= 0 && !(isEnd && this.#missing! > 0)) return;
    const { operation } = this.route;
    throw new Error(`"${operation}" sends another number of bytes than its "Content-Length" says`);
  }

  #beat(): void {
    const { response } = this;
    if (this.#quiet && !response.writableNeedDrain) {
      this.#respond("");
      response.write(this.#format!.heartbeat!);
    }
    this.#quiet = true;
  }

  #resume(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }

  #drained(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }
}

function findLength(header: HeaderMap | undefined): number | undefined {
  const text = header?.get("content-length") ?? "";
  return /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}
