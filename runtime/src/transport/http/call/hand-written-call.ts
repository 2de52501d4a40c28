import type { IncomingMessage, ServerResponse } from "node:http";
import { KratosError } from "../../../errors/kratos-error.ts";
import { isPromise } from "../../../middleware/is-promise.ts";
import { bindingError } from "../binding-error.ts";
import type { HttpHandlerReply, HttpHandlerRequest } from "./hand-written-route.ts";
import type { EncodedReply } from "../reply/reply.ts";
import { dropLateWrites } from "../reply/late-writes.ts";
import { readBody } from "./request-body.ts";
import { isBodiless, sendBodiless, sendError, sendReply } from "../reply/response.ts";
import { type CallHost, ServerCall, type ServerCallParts, unencodable } from "./server-call.ts";

/** A call of a route that no proto describes. Its handler is the one who reads the body. */
export class HandWrittenCall extends ServerCall {
  readonly #response: ServerResponse;
  readonly #query: string;
  #reading = false;
  #body: Promise<Buffer> | undefined;
  #stopReading: ((error: KratosError) => void) | undefined;

  constructor(host: CallHost, parts: ServerCallParts, response: ServerResponse) {
    super(host, parts);
    this.#response = response;
    this.#query = parts.query;
  }

  override run(): void {
    let reply: unknown;
    try {
      const params = this.bind(undefined) as Readonly<Record<string, string>>;
      const response = this.#response;
      const request = new HandlerRequest(params, this.#query, this.request, response, this);
      reply = this.route.handler(request, this.context);
    } catch (error) {
      this.fail(error);
      return;
    }
    if (isPromise(reply)) {
      this.open();
      reply.then(
        (value) => this.#succeed(value as HttpHandlerReply | undefined),
        (error: unknown) => this.fail(error),
      );
    } else {
      this.#succeed(reply as HttpHandlerReply | undefined);
    }
  }

  override onDeadline(): void {
    if (!this.#reading) {
      super.onDeadline();
      return;
    }
    this.#response.shouldKeepAlive = false;
    this.cut(new KratosError(408, "BODY_TIMEOUT", this.tooLong(" to send")));
  }

  override onProtocolError(status: number, message: string): void {
    if (!this.#reading) return;
    this.#response.shouldKeepAlive = false;
    this.cut(new KratosError(status, "CODEC", message));
  }

  protected override sendFailure(error: KratosError): void {
    sendError(this.#response, error, this.context.writtenHeader, this.host);
  }

  #succeed(reply: HttpHandlerReply | undefined): void {
    if (this.ended) return;
    const { route, context } = this;
    if (reply === undefined) {
      this.#awaitResponse();
      return;
    }
    try {
      const { contentType, body } = route.encodeReply(reply, undefined, context);
      const { status = context.replyStatus } = reply;
      const header = context.writtenHeader;
      if (isBodiless(status)) sendBodiless(this.#response, status, header, this.host);
      else sendReply(this.#response, status, contentType, body, header, this.host);
    } catch (cause) {
      this.fail(unencodable(route.operation, cause));
      return;
    }
    this.end();
  }

  /** The handler answers by the response itself. */
  #awaitResponse(): void {
    if (this.#response.writableFinished) {
      this.end();
      return;
    }
    this.open();
    this.#response.once("close", () => {
      if (!this.ended) this.end();
    });
  }

  protected override release(error: KratosError | undefined): void {
    const over = error ?? new KratosError(500, "CALL_ENDED", "the call ended before its body came");
    this.#stopReading?.(over);
  }

  /** For the handler; rejects with 413, and with what ends the call before the body is there. */
  readBody(): Promise<Buffer> {
    this.#body ??= this.#read();
    return this.#body;
  }

  #read(): Promise<Buffer> {
    const body = new Promise<Buffer>((resolve, reject) => {
      if (this.ended) {
        reject(new KratosError(500, "CALL_ENDED", "the call ended before its body was asked for"));
        return;
      }
      this.#reading = true;
      this.#stopReading = reject;
      this.open();
      readBody(this.request, this.route.maxBodyBytes, (error, bytes) => {
        this.#reading = false;
        this.#stopReading = undefined;
        if (error === undefined) resolve(bytes);
        else reject(error);
      });
    });
    // A handler may have gone on without it.
    body.catch(() => undefined);
    return body;
  }
}

class HandlerRequest implements HttpHandlerRequest {
  readonly params: Readonly<Record<string, string>>;
  readonly message: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #call: HandWrittenCall;
  readonly #text: string;
  #answersItself = false;
  #query: URLSearchParams | undefined;

  constructor(
    params: Readonly<Record<string, string>>,
    query: string,
    message: IncomingMessage,
    response: ServerResponse,
    call: HandWrittenCall,
  ) {
    this.params = params;
    this.message = message;
    this.#response = response;
    this.#text = query;
    this.#call = call;
  }

  get query(): URLSearchParams {
    this.#query ??= new URLSearchParams(this.#text);
    return this.#query;
  }

  get response(): ServerResponse {
    if (!this.#answersItself) dropLateWrites(this.#response);
    this.#answersItself = true;
    return this.#response;
  }

  readBody(): Promise<Buffer> {
    return this.#call.readBody();
  }

  readJson(): Promise<unknown> {
    const value = this.#call.readBody().then(parseJson);
    value.catch(() => undefined); // a handler may have gone on without it
    return value;
  }
}

/** Makes what is sent of what a handler returned. Throws for a status that answers nothing. */
export function encodeHandlerReply(reply: unknown): EncodedReply {
  const { status = 200, contentType, body, json } = reply as HttpHandlerReply;
  if (!Number.isInteger(status) || status < 200 || status > 599) {
    throw new TypeError(`${status} is no status of an answer, use 200 to 599`);
  }
  if (json !== undefined) {
    return { contentType: contentType ?? "application/json", body: JSON.stringify(json) };
  }
  if (body instanceof Uint8Array) {
    return { contentType: contentType ?? "application/octet-stream", body };
  }
  if (body !== undefined && typeof body !== "string") {
    throw new TypeError('"body" must be text or a Uint8Array, give other values as "json"');
  }
  return { contentType: contentType ?? "text/plain; charset=utf-8", body: body ?? "" };
}

function parseJson(bytes: Buffer): unknown {
  if (bytes.length === 0) return undefined;
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes)) as unknown;
  } catch (error) {
    throw bindingError(`malformed JSON: ${(error as Error).message}`, error);
  }
}
