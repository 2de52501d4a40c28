import { fromError } from "../../../errors/from-error.ts";
import { GrpcCode } from "../../../errors/grpc-code.ts";
import { KratosError } from "../../../errors/kratos-error.ts";
import { fromGrpcStatus } from "../../../errors/status-details.ts";
import type { Pick } from "../../../selector/balancer.ts";
import type { ServiceNode } from "../../../selector/service-node.ts";
import { formatTimeout } from "../../deadline.ts";
import type { ClientSink, ClientStream } from "../../http2/client-engine.ts";
import { type Field, type HeaderView, ResetCode } from "../../http2/engine.ts";
import { blockBytes, maxBlockBytes } from "../../http2/sendable-fields.ts";
import { acceptedEncodings, checkEncoding } from "../protocol/compression.ts";
import { FrameReader, type MessageSink } from "../protocol/frame.ts";
import { findStatusError, httpStatusError, resetError } from "../protocol/status.ts";
import type { GrpcClientContext } from "./client-context.ts";
import { contentTypeError, toReplyError } from "./client-error.ts";
import type { ClientMethod } from "./client-method.ts";
import { type AttemptFailure, type AttemptFate, parsePushback } from "./client-retry.ts";
import type { ClientTarget } from "./client-target.ts";
import type { Link } from "./link.ts";
import { PackedReply } from "./packed-reply.ts";
import type { RequestSource } from "./request-source.ts";
import type { Caller } from "./waiting-calls.ts";

/** The call that an attempt belongs to. */
export interface AttemptHost {
  readonly target: ClientTarget;
  readonly context: GrpcClientContext;
  readonly method: ClientMethod;
  readonly requests: RequestSource;
  readonly tried: readonly ServiceNode[];
  readonly waitForReady: boolean;
  /** The `grpc-encoding` of the requests; undefined: none. */
  readonly encoding: string | undefined;
  /** The server begins to answer; false: another attempt was faster. May throw what the caller's listener throws. */
  commit(attempt: ClientAttempt, headers: HeaderView): boolean;
  /** A reply, which took `bytes` on the wire. */
  receive(reply: unknown, bytes: number): void;
  /** The server says that it has done what was asked. */
  succeeded(trailers: HeaderView): void;
  /** `headers`: those of an answer that is nothing but a failure. */
  failed(
    attempt: ClientAttempt,
    error: KratosError,
    failure: AttemptFailure,
    headers?: HeaderView,
  ): void;
  /** There is no connection for the attempt. */
  refused(attempt: ClientAttempt, error: KratosError): void;
  /** The call cannot go on, whatever another attempt would bring. */
  abandon(error: KratosError): void;
}

/** One attempt of a call: a stream on some connection, its replies, its end, which is told once. */
export class ClientAttempt implements ClientSink, MessageSink, Caller {
  readonly #host: AttemptHost;
  /** Attempts of the call before this one, but for those that no server looked at. */
  readonly previous: number;
  #link: Link | undefined;
  #pick: Pick | undefined;
  #stream: ClientStream | undefined;
  #reader: FrameReader | undefined;
  #headers: HeaderView | undefined;
  #settled = false;
  #done = false;

  constructor(host: AttemptHost, previous: number) {
    this.#host = host;
    this.previous = previous;
  }

  get context(): GrpcClientContext {
    return this.#host.context;
  }

  get tried(): readonly ServiceNode[] {
    return this.#host.tried;
  }

  get waitForReady(): boolean {
    return this.#host.waitForReady;
  }

  /** The server that it went to; undefined when there is but one. */
  get node(): ServiceNode | undefined {
    return this.#pick?.node;
  }

  /** Whether it has no connection yet. */
  get isWaiting(): boolean {
    return this.#link === undefined;
  }

  /** Whether its connection takes further calls. */
  get isConnected(): boolean {
    return this.#link?.connection.usable === true;
  }

  start(): void {
    this.#host.target.find(this);
  }

  /** Ends it: nobody is interested any more. `error`: what the call failed with. */
  cancel(error: KratosError | undefined): void {
    if (this.#done) return;
    this.#done = true;
    if (this.#link === undefined) this.#host.target.leave(this);
    // A deadline may have passed because the server is gone without a word.
    if (error?.code === 504) this.#link?.connection.probe();
    this.#stream?.reset(ResetCode.CANCEL);
    this.#settle(error);
  }

  /** Stops reading replies until {@link resume}. */
  pause(): void {
    this.#stream?.pause();
  }

  resume(): void {
    this.#stream?.resume();
  }

  place(link: Link, pick: Pick | undefined): void {
    const host = this.#host;
    this.#link = link;
    this.#pick = pick;
    let stream: ClientStream | undefined;
    try {
      stream = link.connection.open(this.#fields(link), this);
    } catch (error) {
      host.abandon(fromError(error)); // too much metadata, or two values where HTTP/2 allows one
      return;
    }
    if (stream === undefined) {
      this.#link = undefined;
      pick?.done(undefined);
      this.start();
      return;
    }
    this.#stream = stream;
    host.context.peer = link.connection.remoteAddress;
    host.requests.sendTo(stream);
  }

  refuse(error: KratosError): void {
    this.#done = true;
    this.#host.refused(this, error);
  }

  onHeaders(headers: HeaderView): void {
    if (this.#done) return;
    this.#answered();
    const problem = findHeadProblem(headers);
    if (problem !== undefined) {
      this.#stream?.reset(ResetCode.CANCEL);
      this.#fail(problem, "answered", headers);
      return;
    }
    this.#headers = headers;
    try {
      if (!this.#host.commit(this, headers)) return;
    } catch (error) {
      this.#host.abandon(fromError(error));
      return;
    }
    // How long a stream takes says nothing about its server.
    if (this.#host.method.streamsOut) this.#settle(undefined);
  }

  onData(bytes: Uint8Array, start: number, end: number): void {
    if (this.#done) return;
    try {
      this.#reader ??= new FrameReader(this.#host.method.maxReceiveBytes);
      this.#reader.push(bytes, start, end, this);
    } catch (error) {
      this.#host.abandon(toReplyError(error));
    }
  }

  onMessage(bytes: Uint8Array, start: number, end: number, compressed: boolean): void {
    if (this.#done) return;
    const { format } = this.#host.method;
    if (!compressed) {
      this.#host.receive(format.decode(bytes, start, end), end - start);
      return;
    }
    // The server was told which ones may be: another is a mistake of its own.
    checkEncoding(this.#headers?.get("grpc-encoding"), GrpcCode.INTERNAL);
    this.#host.receive(new PackedReply(bytes.slice(start, end)), end - start);
  }

  onEnd(trailers?: HeaderView): void {
    this.#stream = undefined; // nothing is left to reset
    if (this.#done) return;
    this.#answered();
    if (trailers === undefined) {
      const error = new KratosError(500, "", "the server ended the reply without a status");
      this.#fail(error, "answered");
      return;
    }
    const alone = this.#headers === undefined;
    // A status of gRPC says more than one of HTTP, be it that a proxy has made an answer of its own from it.
    const told = !alone || trailers.get("grpc-status") !== undefined;
    const failure = (told ? undefined : findHeadProblem(trailers)) ?? findStatusError(trailers);
    if (failure !== undefined) {
      this.#fail(failure, "answered", trailers);
      return;
    }
    try {
      if (alone && !this.#host.commit(this, trailers)) return;
      this.#reader?.end();
      this.#done = true;
      this.#settle(undefined);
      this.#host.succeeded(trailers);
    } catch (error) {
      this.#host.abandon(toReplyError(error));
    }
  }

  onReset(code: number, cause?: Error): void {
    this.#stream = undefined;
    if (this.#done) return;
    // A server that counts the time, too, may be first.
    if (code === ResetCode.CANCEL && this.context.expireIfDue()) return;
    const refused = code === ResetCode.REFUSED_STREAM;
    const fate = refused ? "unprocessed" : cause === undefined ? "answered" : "unknown";
    this.#fail(resetError(code, cause), fate);
  }

  onDrain(): void {
    if (!this.#done) this.#host.requests.drained();
  }

  #answered(): void {
    if (this.#link !== undefined) this.#link.answered = true;
  }

  #fail(error: KratosError, fate: AttemptFate, headers?: HeaderView): void {
    this.#done = true;
    this.#settle(error);
    const pushback = parsePushback(headers?.get("grpc-retry-pushback-ms"));
    this.#host.failed(this, error, { fate, status: error.code, pushback }, headers);
  }

  /** Tells the balancer how it went, once. */
  #settle(error: KratosError | undefined): void {
    if (this.#settled) return;
    this.#settled = true;
    this.#pick?.done(error);
  }

  #fields(link: Link): Field[] {
    const { context, method, encoding } = this.#host;
    const fields: Field[] = [
      postField,
      link.schemeField,
      method.pathField,
      link.authorityField,
      method.typeField,
      trailersField,
      userAgentField,
      encodingsField,
    ];
    if (encoding !== undefined) fields.push(["grpc-encoding", encoding]);
    if (this.previous > 0) fields.push(["grpc-previous-rpc-attempts", String(this.previous)]);
    const { deadline } = context;
    if (deadline !== undefined) {
      fields.push(["grpc-timeout", formatTimeout(Math.max(deadline - Date.now(), 0))]);
    }
    const { writtenHeader } = context;
    if (writtenHeader.isEmpty) return fields;
    writtenHeader.appendTo(fields);
    const size = blockBytes(fields);
    if (size > maxBlockBytes) {
      const text = `metadata of ${size} bytes is more than the ${maxBlockBytes} that HTTP/2 carries`;
      throw fromGrpcStatus(GrpcCode.RESOURCE_EXHAUSTED, text);
    }
    return fields;
  }
}

// What all calls say alike is made once.
const postField: Field = [":method", "POST"];
const trailersField: Field = ["te", "trailers"];
const userAgentField: Field = ["user-agent", "grpc-kratos-ts"];
const encodingsField: Field = ["grpc-accept-encoding", acceptedEncodings];

/** Why these headers cannot begin an answer of gRPC; undefined when they do. */
function findHeadProblem(headers: HeaderView): KratosError | undefined {
  const status = headers.get(":status") ?? "";
  if (status !== "200") return httpStatusError(status);
  const contentType = headers.get("content-type");
  if (contentType === "application/grpc") return undefined;
  if (contentType !== undefined && /^application\/grpc(?:[+;]|$)/i.test(contentType))
    return undefined;
  return contentTypeError(contentType);
}
