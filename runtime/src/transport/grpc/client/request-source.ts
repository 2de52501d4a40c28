import type { ClientStream } from "../../http2/client-engine.ts";
import { stopIterator } from "../../stop-iterator.ts";
import { Turn } from "../../turn.ts";
import type { EncodeRequest } from "./client-method.ts";

/** The requests of a call, which can be sent again until it is settled which attempt counts. */
export interface RequestSource {
  /** Whether everything that was sent can be sent again. */
  readonly repeatable: boolean;
  /** Makes what can be made before there is a stream; at once unless it takes long. Fails for what cannot be sent. */
  prepare(): Promise<void> | undefined;
  /** Sends all on `stream`, from the first request on. */
  sendTo(stream: ClientStream): void;
  /** The stream has died; another may follow. */
  detach(): void;
  /** The stream can take more. */
  drained(): void;
  /** Nothing has to be sent again. */
  commit(): void;
  /** The call is over. */
  stop(): void;
}

/** The one request of a call. */
export class SingleRequest implements RequestSource {
  readonly #encode: EncodeRequest;
  #request: unknown;
  #frame: Uint8Array | undefined;

  constructor(request: unknown, encode: EncodeRequest) {
    this.#request = request;
    this.#encode = encode;
  }

  get repeatable(): boolean {
    return this.#frame !== undefined;
  }

  prepare(): Promise<void> | undefined {
    const frame = this.#encode(this.#request);
    if (frame instanceof Promise) return this.#wait(frame);
    this.#frame = frame;
    return undefined;
  }

  sendTo(stream: ClientStream): void {
    stream.end(this.#frame);
  }

  detach(): void {}

  drained(): void {}

  commit(): void {
    this.#frame = undefined;
    this.#request = undefined;
  }

  stop(): void {
    this.commit();
  }

  async #wait(frame: Promise<Uint8Array>): Promise<void> {
    this.#frame = await frame;
  }
}

/** Bytes of requests that are kept for another attempt (gRPC-Go has the same). */
const maxKeptBytes = 256 * 1024;

/** The requests of a call that streams them. */
export class RequestStream implements RequestSource {
  readonly #requests: AsyncIterable<unknown>;
  readonly #encode: EncodeRequest;
  readonly #onError: (error: unknown) => void;
  #iterator: AsyncIterator<unknown> | undefined;
  /** What was sent so far; undefined: too much, or of no use any more. */
  #kept: Uint8Array[] | undefined = [];
  #keptBytes = 0;
  #stream: ClientStream | undefined;
  #started = false;
  #ended = false;
  #stopped = false;
  #wake: (() => void) | undefined;

  /** `onError` gets what the iterable throws, and requests that cannot be sent. */
  constructor(
    requests: AsyncIterable<unknown>,
    encode: EncodeRequest,
    onError: (error: unknown) => void,
  ) {
    this.#requests = requests;
    this.#encode = encode;
    this.#onError = onError;
  }

  get repeatable(): boolean {
    return this.#kept !== undefined;
  }

  prepare(): undefined {}

  sendTo(stream: ClientStream): void {
    this.#stream = stream;
    for (const frame of this.#kept ?? []) stream.write(frame);
    if (this.#ended) stream.end();
    else if (this.#started) this.drained();
    else void this.#sendAll();
  }

  detach(): void {
    this.#stream = undefined;
  }

  drained(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }

  commit(): void {
    this.#kept = undefined;
  }

  stop(): void {
    this.#stopped = true;
    this.#stream = undefined;
    this.commit();
    this.drained();
    if (!this.#ended) void stopIterator(this.#iterator);
  }

  async #sendAll(): Promise<void> {
    this.#started = true;
    try {
      const iterator = this.#requests[Symbol.asyncIterator]();
      this.#iterator = iterator;
      const turn = new Turn();
      /* oxlint-disable no-await-in-loop -- one request after the other */
      while (!this.#stopped) {
        const step = await iterator.next();
        if (this.#stopped) return;
        if (step.done === true) {
          this.#ended = true;
          this.#stream?.end();
          return;
        }
        const encoded = this.#encode(step.value);
        const frame = encoded instanceof Promise ? await encoded : encoded;
        // Between two attempts there is no stream. What is sent to none would be lost.
        while (this.#stream === undefined && !this.#stopped) await this.#waitForStream();
        if (!this.#send(frame)) await this.#waitForStream();
        else if (turn.isOver) await turn.next();
      }
      /* oxlint-enable no-await-in-loop */
    } catch (error) {
      if (!this.#stopped) this.#onError(error);
    }
  }

  /** False: the stream is full. */
  #send(frame: Uint8Array): boolean {
    this.#keep(frame);
    return this.#stream === undefined || this.#stream.write(frame);
  }

  /** Resolves when the stream can take more, or is another. */
  #waitForStream(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  #keep(frame: Uint8Array): void {
    if (this.#kept === undefined) return;
    this.#keptBytes += frame.length;
    if (this.#keptBytes > maxKeptBytes) this.#kept = undefined;
    else this.#kept.push(frame);
  }
}
