import { isPromise } from "../../../middleware/is-promise.ts";
import type { RequestBody } from "../binding/message-body.ts";
import { BodyCall } from "./body-call.ts";
import type { ReplyCompressor } from "../reply/compression.ts";
import type { EncodedReply } from "../reply/reply.ts";
import { isBodiless, sendBodiless, sendReply } from "../reply/response.ts";
import { unencodable } from "./server-call.ts";

/** A call with one request and one reply. */
export class UnaryCall extends BodyCall {
  protected override receive(body: RequestBody | undefined): void {
    let request: unknown;
    try {
      if (this.host.strictAccept && !this.route.rawReply) {
        this.host.formats.requireAcceptable(this.request.headers.accept);
      }
      request = this.bind(body);
    } catch (error) {
      this.reject(error);
      return;
    }
    let reply: unknown;
    try {
      reply = this.route.handler(request, this.context);
      if (isPromise(reply)) {
        this.open();
        reply.then(
          (value) => this.#succeed(value),
          (error: unknown) => this.fail(error),
        );
        return;
      }
    } catch (error) {
      this.fail(error);
      return;
    }
    this.#succeed(reply);
  }

  #succeed(reply: unknown): void {
    if (this.ended) return;
    const { route, context } = this;
    const status = context.replyStatus;
    try {
      if (isBodiless(status)) {
        sendBodiless(this.response, status, context.writtenHeader, this.host);
        this.end();
        return;
      }
      const { accept } = this.request.headers;
      const encoded = route.encodeReply(reply, accept, context);
      const { compressor } = this.host;
      if (compressor?.concerns(encoded) === true) {
        this.#sendPacked(compressor, encoded);
        return;
      }
      const { contentType, body } = encoded;
      sendReply(this.response, status, contentType, body, context.writtenHeader, this.host);
    } catch (cause) {
      this.fail(unencodable(route.operation, cause));
      return;
    }
    this.end();
  }

  /** Sends a reply compressed, if the client wants it so. */
  #sendPacked(compressor: ReplyCompressor, { contentType, body }: EncodedReply): void {
    const { request, response, context, host } = this;
    const { replyHeader: header, replyStatus: status } = context;
    const encoding = compressor.negotiate(contentType, header, request.headers["accept-encoding"]);
    if (encoding === undefined) {
      sendReply(response, status, contentType, body, context.writtenHeader, host);
      this.end();
      return;
    }
    this.open();
    compressor.pack(body, encoding, (error, packed) => {
      if (this.ended) return;
      try {
        if (error !== null) throw error;
        sendReply(response, status, contentType, packed, context.writtenHeader, host, encoding);
      } catch (cause) {
        this.fail(unencodable(this.route.operation, cause));
        return;
      }
      this.end();
    });
  }
}
