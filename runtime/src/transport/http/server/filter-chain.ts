import type { IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { isPromise } from "../../../middleware/is-promise.ts";
import { toReplyError } from "../reply/error-reply.ts";
import type { HttpFilter, HttpRequestHandler } from "../filter/filter.ts";
import type { CallHost } from "../call/server-call.ts";
import type { RequestReceiver } from "../listener/listener.ts";
import { mergeHeaders } from "../filter/merge-headers.ts";
import { dropLateWrites } from "../reply/late-writes.ts";
import { sendError } from "../reply/response.ts";

/** What checks heads by itself, since no filter may answer a request that others could read differently. */
export interface CheckedReceiver extends RequestReceiver {
  /** False: the head is no good, and the request answered. */
  checkHead(request: IncomingMessage, response: ServerResponse): boolean;
  /** A request whose head is good. */
  onChecked(request: IncomingMessage, response: ServerResponse): void;
}

/** Puts filters, the outermost first, around what receives requests; without filters it stays as it is. */
export function applyFilters(
  receiver: CheckedReceiver,
  host: CallHost,
  filters: readonly HttpFilter[],
): RequestReceiver {
  return filters.length === 0 ? receiver : new FilteredReceiver(receiver, host, filters);
}

class FilteredReceiver implements RequestReceiver {
  readonly #receiver: CheckedReceiver;
  readonly #host: CallHost;
  readonly #handle: HttpRequestHandler;

  constructor(receiver: CheckedReceiver, host: CallHost, filters: readonly HttpFilter[]) {
    this.#receiver = receiver;
    this.#host = host;
    this.#handle = filters.reduceRight<HttpRequestHandler>(
      (next, filter) => filter(next),
      (request, response) => {
        // Filters may wait. For a client that has left meanwhile, nothing would ever end the call.
        if (!request.socket.destroyed) receiver.onChecked(request, response);
      },
    );
  }

  onRequest(request: IncomingMessage, response: ServerResponse): void {
    if (!this.#receiver.checkHead(request, response)) return;
    mergeHeaders(response);
    dropLateWrites(response);
    try {
      const result: unknown = this.#handle(request, response);
      if (!isPromise(result)) return;
      result.then(undefined, (error: unknown) => fail(error, response, this.#host));
    } catch (error) {
      fail(error, response, this.#host);
    }
  }

  onUnaccepted(response: ServerResponse): void {
    this.#receiver.onUnaccepted(response);
  }

  onExpectation(request: IncomingMessage, response: ServerResponse): void {
    this.#receiver.onExpectation(request, response);
  }

  onLargeHead(response: ServerResponse): void {
    this.#receiver.onLargeHead(response);
  }

  onConnect(request: IncomingMessage, socket: Duplex): void {
    this.#receiver.onConnect(request, socket);
  }

  onError(error: Error): void {
    this.#receiver.onError(error);
  }
}

function fail(thrown: unknown, response: ServerResponse, host: CallHost): void {
  const { error, unexpected } = toReplyError(thrown);
  if (unexpected) host.logger.error({ err: thrown }, "filter failed unexpectedly");
  sendError(response, error, undefined, host);
}
