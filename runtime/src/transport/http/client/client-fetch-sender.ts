import { KratosError } from "../../../errors/kratos-error.ts";
import {
  type AbortSource,
  type HttpSender,
  type IncomingReply,
  type OutgoingRequest,
  SendError,
  type SendFate,
} from "./client-sender.ts";
import { HeaderMap } from "../header-map.ts";
import { readReplyBody } from "./reply-body.ts";

/** Sends by `fetch`: in browsers, and wherever the user gives one. */
export class FetchSender implements HttpSender {
  readonly #fetch: typeof fetch;

  constructor(send: typeof fetch) {
    this.#fetch = send;
  }

  async send(request: OutgoingRequest, call: AbortSource): Promise<IncomingReply> {
    const { method, headers, body } = request;
    const fields = new Headers();
    for (let i = 0; i < headers.length; i += 2) fields.append(headers[i]!, headers[i + 1]!);
    const send = this.#fetch; // browsers refuse to run their fetch as a method of anything else
    let response: Response;
    try {
      response = await send(request.origin + request.path, {
        method,
        headers: fields,
        body: (body as RequestInit["body"]) ?? null,
        signal: call.signal,
        // A request that changes something must not go where its sender did not send it.
        redirect: method === "GET" || method === "HEAD" ? "follow" : "manual",
      });
    } catch (error) {
      // fetch only says that it failed; the reason is the cause of its error.
      const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
      throw new SendError(fateOf(cause), cause);
    }
    return new FetchReply(response, call);
  }

  /** Connections are the business of whoever made `fetch`. */
  close(): void {}
}

class FetchReply implements IncomingReply {
  readonly status: number;
  readonly statusText: string;
  readonly header: HeaderMap;
  readonly #response: Response;
  readonly #call: AbortSource;

  constructor(response: Response, call: AbortSource) {
    // Browsers tell nothing of a redirect that they do not follow.
    const hidden = response.type === "opaqueredirect";
    this.status = hidden ? 307 : response.status;
    this.statusText = hidden ? "Redirect" : response.statusText;
    this.header = HeaderMap.fromRaw([...response.headers].flat());
    this.#response = response;
    this.#call = call;
  }

  async bytes(limit: number): Promise<Uint8Array> {
    try {
      return await readReplyBody(this.#response, limit, this.#call.signal);
    } catch (error) {
      throw this.#failure(error);
    }
  }

  async *pieces(): AsyncIterable<Uint8Array> {
    const reader = this.#response.body?.getReader();
    if (reader === undefined) return;
    try {
      for (;;) {
        const { done, value } = await reader.read(); // oxlint-disable-line no-await-in-loop -- one piece after the other
        if (done) return;
        yield value;
      }
    } catch (error) {
      throw this.#failure(error);
    } finally {
      reader.cancel().catch(() => undefined);
    }
  }

  discard(): void {
    this.#response.body?.cancel().catch(() => undefined);
  }

  #failure(error: unknown): unknown {
    if (this.#call.aborted || error instanceof KratosError) return error;
    return new SendError("unknown", error instanceof Error && error.cause ? error.cause : error);
  }
}

/** Node's fetch says why there is no connection; browsers do not. */
function fateOf(cause: unknown): SendFate {
  if (!(cause instanceof Error)) return "unknown";
  const { code, syscall } = cause as NodeJS.ErrnoException;
  return syscall === "connect" || syscall === "getaddrinfo" || code === "UND_ERR_CONNECT_TIMEOUT"
    ? "unreachable"
    : "unknown";
}
