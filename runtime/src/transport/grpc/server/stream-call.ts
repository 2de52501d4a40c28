import { MessageQueue } from "../../message-queue.ts";
import type { CallHost, ServerCallParts } from "./server-call.ts";
import { ServerCall } from "./server-call.ts";
import { stopIterator } from "../../stop-iterator.ts";
import { Turn } from "../../turn.ts";
import { PackedRequest, PackedRequests } from "./packed-requests.ts";
import { cardinalityFailure } from "./request-failure.ts";

/** A call that streams at least one way. The handler of a client stream runs as soon as the call opens. */
export class StreamCall extends ServerCall {
  readonly #requests: MessageQueue | undefined;
  #request: unknown = undefined;
  #replies: AsyncIterator<unknown> | undefined;
  #wake: (() => void) | undefined;
  #receivedBytes = 0;

  constructor(host: CallHost, parts: ServerCallParts) {
    super(host, parts);
    if (parts.binding.kind !== "serverStreaming") this.#requests = new MessageQueue(parts.stream);
  }

  /** Runs the handler, unless it has to wait for its request. Never throws. */
  start(): void {
    const requests = this.#requests;
    if (requests === undefined) return;
    const encoding = this.stream.headers.get("grpc-encoding");
    const packed = encoding !== undefined && encoding !== "identity";
    void this.#run(
      packed ? new PackedRequests(requests, (bytes) => this.#unpackNext(bytes)) : requests,
    );
  }

  override onMessage(bytes: Uint8Array, start: number, end: number, compressed: boolean): void {
    this.#receivedBytes = end - start;
    super.onMessage(bytes, start, end, compressed);
  }

  override onDrain(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }

  protected override receive(message: unknown): void {
    if (this.#requests !== undefined) {
      this.#requests.push(message, this.#receivedBytes);
    } else {
      if (this.#request !== undefined) throw cardinalityFailure("more than one request");
      this.#request = message;
    }
  }

  protected override receivePacked(bytes: Uint8Array): void {
    if (this.#requests === undefined) super.receivePacked(bytes);
    else this.#requests.push(new PackedRequest(bytes), bytes.length);
  }

  protected override receiveEnd(): void {
    if (this.#requests !== undefined) {
      this.#requests.end();
    } else {
      if (this.#request === undefined) throw cardinalityFailure("no request");
      void this.#run(this.#request);
    }
  }

  protected override release(error: unknown): void {
    if (error === undefined) this.#requests?.end();
    else this.#requests?.fail(error);
    this.onDrain();
    // A generator that waits for something else sees this once it goes on; it should watch the signal.
    void stopIterator(this.#replies);
  }

  async #run(request: unknown): Promise<void> {
    this.busy = true;
    try {
      const result = await this.binding.handler(request, this.context);
      if (this.binding.kind === "clientStreaming") {
        this.busy = false;
        const frame = this.encode(result);
        this.succeed(frame instanceof Promise ? await frame : frame);
      } else {
        await this.#sendAll(result as AsyncIterable<unknown>);
      }
    } catch (error) {
      this.busy = false;
      this.fail(error);
    } finally {
      this.busy = false;
    }
  }

  async #sendAll(replies: AsyncIterable<unknown>): Promise<void> {
    const iterator = replies[Symbol.asyncIterator]();
    this.#replies = iterator;
    const turn = new Turn();
    while (!this.done) {
      const step = await iterator.next();
      if (this.done) return;
      if (step.done === true) {
        this.#replies = undefined; // nothing is left to release
        this.busy = false;
        this.succeed();
        return;
      }
      const encoded = this.encode(step.value);
      const frame = encoded instanceof Promise ? await encoded : encoded;
      if (this.done) break;
      this.respond();
      if (!this.write(frame)) {
        await this.#drained();
        if (this.done) break;
        this.sent(frame);
      } else if (turn.isOver) {
        await turn.next();
      }
    }
    // The call ended before the first reply was asked for.
    await stopIterator(iterator);
  }

  /** A request that cannot be unpacked fails the call, as one that cannot be read does. */
  async #unpackNext(bytes: Uint8Array): Promise<unknown> {
    try {
      return await this.unpack(bytes);
    } catch (error) {
      this.fail(error);
      throw error;
    }
  }

  #drained(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }
}
