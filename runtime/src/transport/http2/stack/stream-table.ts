import type { StreamSink } from "../engine.ts";
import { OpenStreams } from "./open-streams.ts";
import type { Http2Stream } from "./stream.ts";

/** Streams of which the client may not know yet that they are over. */
const maxIgnored = 4096;

/** The streams of one connection: those that are open, and what has to be known of those that were. */
export class StreamTable {
  /** The highest id that the client has used. */
  lastId = 0;
  readonly #open = new OpenStreams();
  /** Sinks of streams that are over whose handlers still run. */
  #busy: StreamSink[] = [];
  /** Streams that this side closed first; frames of theirs may be on the way. Oldest first. */
  readonly #ignored = new Set<number>();
  /** The highest id that was pushed out of `#ignored`. */
  #forgotten = 0;

  get size(): number {
    return this.#open.size;
  }

  /** Streams that are open, and handlers that run for others. */
  get load(): number {
    return this.#open.size + this.#busy.length;
  }

  get(id: number): Http2Stream | undefined {
    return this.#open.get(id);
  }

  add(stream: Http2Stream): void {
    this.#open.add(stream);
  }

  /** The stream is over; frames of it that are still on the way mean nothing where `ignore` is set. */
  remove(id: number, ignore: boolean): void {
    this.#open.remove(id);
    if (ignore) this.ignore(id);
  }

  /** What comes for this stream means nothing. */
  ignore(id: number): void {
    this.#ignored.add(id);
    if (this.#ignored.size <= maxIgnored) return;
    const [oldest = 0] = this.#ignored;
    this.#ignored.delete(oldest);
    this.#forgotten = Math.max(this.#forgotten, oldest);
  }

  /** The client knows that this stream is over. */
  unignore(id: number): void {
    this.#ignored.delete(id);
  }

  /** Whether a frame for this stream, which is over, may have been sent in good faith. */
  isIgnored(id: number): boolean {
    return id <= this.#forgotten || this.#ignored.has(id);
  }

  /** Counts the handler of a stream that is over, until it is done. */
  addBusy(sink: StreamSink): void {
    this.#busy.push(sink);
  }

  /** Lets go of handlers that are done. */
  pruneBusy(): void {
    if (this.#busy.length > 0) this.#busy = this.#busy.filter((sink) => sink.busy === true);
  }

  /** All that are open, in an array of their own: streams may end meanwhile. */
  toArray(): Http2Stream[] {
    return this.#open.toArray();
  }
}
