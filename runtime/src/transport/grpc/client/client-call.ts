import type { KratosError } from "../../../errors/kratos-error.ts";
import type { ServiceNode } from "../../../selector/service-node.ts";
import { tooLate } from "../../abort-error.ts";
import type { HeaderView } from "../../http2/engine.ts";
import { type AttemptHost, ClientAttempt } from "./client-attempt.ts";
import type { Cancelable, GrpcClientContext } from "./client-context.ts";
import { toRequestError } from "./client-error.ts";
import type { ClientMethod } from "./client-method.ts";
import type { AttemptFailure, RetryPolicy } from "./client-retry.ts";
import type { ClientTarget } from "./client-target.ts";
import { type RequestSource, RequestStream, SingleRequest } from "./request-source.ts";

/** What all calls of a client share. */
export interface CallSource {
  readonly target: ClientTarget;
  readonly retry: RetryPolicy;
}

/** Where the replies of a call go. */
export interface ReplySink {
  /** The server begins to answer; `packed`: its replies may be {@link PackedReply}s. */
  begin(packed: boolean): void;
  /** A reply, which took `bytes` on the wire. Throws when it is one too many. */
  push(reply: unknown, bytes: number): void;
  /** The call has ended well. */
  end(): void;
  /** The call has failed. */
  fail(error: KratosError): void;
}

/**
 * Times that a call goes out again at once, and for nothing, which no server has looked at: because the server
 * refused it, and because its connection was about to end.
 */
const maxRefusals = 1;
const maxGoodbyes = 5;

/** One call: its attempts, one after the other or several at a time, of which the first that is answered counts. */
export class ClientCall implements AttemptHost, Cancelable {
  readonly context: GrpcClientContext;
  readonly method: ClientMethod;
  readonly requests: RequestSource;
  readonly encoding: string | undefined;
  readonly #source: CallSource;
  readonly #replies: ReplySink;
  #tried: readonly ServiceNode[] = none;
  #running: readonly ClientAttempt[] = none;
  /** The attempt that counts, once that is settled. */
  #winner: ClientAttempt | undefined;
  /** Attempts so far, but for those that no server looked at and that were repeated for nothing. */
  #sent = 0;
  #unprocessed = 0;
  #timer: NodeJS.Timeout | undefined;
  #done = false;

  /** `request`: the request, or where the method streams them an async iterable. */
  constructor(
    source: CallSource,
    context: GrpcClientContext,
    method: ClientMethod,
    request: unknown,
    replies: ReplySink,
  ) {
    this.#source = source;
    this.context = context;
    this.method = method;
    this.#replies = replies;
    this.encoding = context.compression ? "gzip" : undefined;
    const encode = context.compression ? method.encodePacked : method.encode;
    this.requests = method.streamsIn
      ? new RequestStream(request as AsyncIterable<unknown>, encode, (error) =>
          this.abandon(toRequestError(error)),
        )
      : new SingleRequest(request, encode);
  }

  get target(): ClientTarget {
    return this.#source.target;
  }

  get tried(): readonly ServiceNode[] {
    return this.#tried;
  }

  get waitForReady(): boolean {
    return this.context.waitForReady;
  }

  /** Begins the call. Failures go to the reply sink. */
  start(): void {
    this.context.attach(this);
    if (this.context.failure !== undefined) {
      this.#finish(this.context.failure);
      return;
    }
    try {
      const prepared = this.requests.prepare();
      if (prepared === undefined) this.#begin();
      else
        prepared
          .then(() => this.#begin())
          .catch((error: unknown) => this.#finish(toRequestError(error)));
    } catch (error) {
      this.#finish(toRequestError(error));
    }
  }

  /** Stops reading replies for good, or until {@link resume}. */
  pause(): void {
    this.#winner?.pause();
  }

  resume(): void {
    this.#winner?.resume();
  }

  cancel(error: KratosError): void {
    if (this.#done) return;
    const why = error.code === 504 ? this.#findWaitReason() : undefined;
    this.#finish(why === undefined ? error : tooLate(`${error.message}, ${why.message}`, why));
  }

  abandon(error: KratosError): void {
    this.#finish(error);
  }

  refused(attempt: ClientAttempt, error: KratosError): void {
    this.#running = this.#running.filter((other) => other !== attempt);
    if (this.#running.length === 0) this.#finish(error);
  }

  commit(attempt: ClientAttempt, headers: HeaderView): boolean {
    if (this.#winner !== undefined) return this.#winner === attempt;
    this.#winner = attempt;
    this.requests.commit();
    clearTimeout(this.#timer);
    for (const other of this.#running) if (other !== attempt) other.cancel(undefined);
    this.#replies.begin(headers.get("grpc-encoding") !== undefined);
    this.context.receiveHeader(headers);
    return true;
  }

  receive(reply: unknown, bytes: number): void {
    if (!this.#done) this.#replies.push(reply, bytes);
  }

  succeeded(trailers: HeaderView): void {
    this.context.receiveTrailer(trailers);
    this.#source.retry.succeeded();
    this.#finish(undefined);
  }

  failed(
    attempt: ClientAttempt,
    error: KratosError,
    failure: AttemptFailure,
    headers?: HeaderView,
  ): void {
    if (this.#done) return;
    this.#running = this.#running.filter((other) => other !== attempt);
    if (this.#winner === undefined && this.#repeat(attempt, error, failure)) return;
    try {
      if (headers !== undefined) this.#receiveLast(headers);
      this.#finish(error);
    } catch (thrown) {
      this.#finish(toRequestError(thrown));
    }
  }

  get #repeatable(): boolean {
    return this.context.repeatable ?? this.method.repeatable;
  }

  get #isHedged(): boolean {
    return this.#source.retry.hedging !== undefined && this.#repeatable && !this.method.streamsIn;
  }

  #begin(): void {
    if (this.#done) return;
    this.#send();
    if (this.#isHedged) this.#hedgeLater();
  }

  #send(): void {
    this.#start(new ClientAttempt(this, this.#sent++));
  }

  #start(attempt: ClientAttempt): void {
    this.#running = this.#running.length === 0 ? [attempt] : [...this.#running, attempt];
    attempt.start();
  }

  /** Whether the call goes on after an attempt has failed. */
  #repeat(attempt: ClientAttempt, error: KratosError, failure: AttemptFailure): boolean {
    const { retry } = this.#source;
    if (!this.requests.repeatable || !retry.mayRepeat(failure, this.#repeatable)) return false;
    this.requests.detach();
    if (attempt.node !== undefined) this.#tried = [...this.#tried, attempt.node];
    if (failure.fate === "unprocessed") {
      const limit = attempt.isConnected ? maxRefusals : maxGoodbyes;
      if (this.#unprocessed++ < limit) {
        this.#start(new ClientAttempt(this, attempt.previous));
        return true;
      }
    }
    if (this.#running.length > 0) {
      this.#hedge();
      return true;
    }
    const delay = this.#delayAfter(failure);
    if (delay === undefined) return false;
    const { logger, operation } = this.context;
    logger.debug({ err: error, operation, delay }, "a call is sent again");
    clearTimeout(this.#timer);
    if (delay === 0) this.#send();
    else this.#timer = setTimeout(() => this.#send(), delay);
    return true;
  }

  /** Milliseconds until the next attempt; undefined: there is none. */
  #delayAfter(failure: AttemptFailure): number | undefined {
    const { retry, target } = this.#source;
    const { deadline } = this.context;
    return retry.delayAfter(this.#sent, failure, {
      repeatable: this.#repeatable,
      elsewhere: target.hasOthers(this.context, this.#tried),
      left: deadline === undefined ? Number.POSITIVE_INFINITY : deadline - Date.now(),
    });
  }

  #hedgeLater(): void {
    const { hedging } = this.#source.retry;
    if (hedging === undefined || this.#sent >= hedging.attempts) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#hedge(), hedging.delay);
  }

  /** Asks another server beside those that are asked. */
  #hedge(): void {
    const { retry } = this.#source;
    // While there is no connection, another attempt would only wait beside the first.
    if (this.#running.some(({ isWaiting }) => isWaiting)) {
      this.#hedgeLater();
      return;
    }
    if (this.#sent >= (retry.hedging?.attempts ?? 0) || !retry.take()) return;
    const asked = this.#running.flatMap(({ node }) => node ?? []);
    this.#tried = [...this.#tried, ...asked];
    this.#send();
    this.#hedgeLater();
  }

  /** The headers of an answer that is nothing but a failure, or the trailers of one that was more. */
  #receiveLast(headers: HeaderView): void {
    if (this.#winner === undefined) this.context.receiveHeader(headers);
    this.context.receiveTrailer(headers);
  }

  /** What keeps a call waiting that has no connection. */
  #findWaitReason(): Error | undefined {
    return this.#running.some(({ isWaiting }) => isWaiting)
      ? this.#source.target.failure
      : undefined;
  }

  #finish(error: KratosError | undefined): void {
    if (this.#done) return;
    this.#done = true;
    this.context.attach(undefined);
    clearTimeout(this.#timer);
    for (const attempt of this.#running) attempt.cancel(error);
    this.requests.stop();
    if (error === undefined) this.#replies.end();
    else this.#replies.fail(error);
  }
}

const none: readonly never[] = [];
