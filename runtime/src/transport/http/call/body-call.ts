import type { ServerResponse } from "node:http";
import { KratosError } from "../../../errors/kratos-error.ts";
import type { RequestBody } from "../binding/message-body.ts";
import { bindingError } from "../binding-error.ts";
import { readBody } from "./request-body.ts";
import { sendError } from "../reply/response.ts";
import { type CallHost, ServerCall, type ServerCallParts } from "./server-call.ts";

/** A call whose request is one message, and is read whole before the handler runs. */
export abstract class BodyCall extends ServerCall {
  protected readonly response: ServerResponse;
  #reading = false;

  constructor(host: CallHost, parts: ServerCallParts, response: ServerResponse) {
    super(host, parts);
    this.response = response;
  }

  /** The body is there; undefined: the rule has none. */
  protected abstract receive(body: RequestBody | undefined): void;

  override run(): void {
    if (this.route.binding.body === "none" && !this.host.strictBody) this.receive(undefined);
    else this.#read();
  }

  override onDeadline(): void {
    if (!this.#reading) super.onDeadline();
    else this.#refuse(new KratosError(408, "BODY_TIMEOUT", this.tooLong(" to send")));
  }

  override onProtocolError(status: number, message: string): void {
    // A call whose body has come is answered; what follows it never was a request.
    if (this.#reading) this.#refuse(new KratosError(status, "CODEC", message));
  }

  protected override sendFailure(error: KratosError): void {
    sendError(this.response, error, this.context.writtenHeader, this.host);
  }

  #read(): void {
    const { route, request, host } = this;
    const contentType = request.headers["content-type"];
    const format = route.binding.body === "raw" ? "json" : host.formats.findBodyFormat(contentType);
    this.#reading = true;
    this.open();
    readBody(request, route.maxBodyBytes, (error, bytes) => {
      if (this.ended) return;
      this.#reading = false;
      if (error !== undefined) {
        this.reject(error);
      } else if (route.binding.body === "none") {
        if (bytes.length === 0) this.receive(undefined);
        else this.reject(bindingError(`"${route.operation}" takes no body`));
      } else if (format === undefined) {
        this.reject(host.formats.unsupported(contentType ?? ""));
      } else {
        this.receive({ bytes, format, contentType: contentType ?? "" });
      }
    });
  }

  /** Answers in place of a body that does not come, and gives the connection up. */
  #refuse(error: KratosError): void {
    this.response.shouldKeepAlive = false;
    this.cut(error);
  }
}
