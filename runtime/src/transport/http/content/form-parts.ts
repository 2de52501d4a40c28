import { KratosError } from "../../../errors/kratos-error.ts";
import { bindingError, excerpt } from "../binding-error.ts";
import { bareType } from "./media-type.ts";
import { type MultipartLimits, MultipartParser, type PartHeader } from "./multipart.ts";

/** A part of a form that is still coming in. */
export interface FormPart extends PartHeader {
  /** Its bytes in pieces, to be read before the next part is asked for; what is not read is passed over. */
  readonly data: AsyncIterable<Uint8Array>;
}

/** A piece of a form, such as a `google.api.HttpBody`. */
export interface FormPiece {
  /** Of the first piece: `multipart/form-data` with its boundary. */
  readonly contentType: string;
  readonly data: Uint8Array;
}

/**
 * Reads a form of any size part by part, and holds no more of it than a piece: what a handler does with a stream
 * of `google.api.HttpBody` into which a browser sends files. Throws 415 `CODEC` for what is no form and 400
 * `CODEC` for one that is malformed. Parts are at most 1000, with headers of 8192 bytes each, unless `limits`
 * says otherwise.
 *
 * ```ts
 * for await (const { name, fileName, data } of readFormParts(requests)) {
 *   if (name === "photo") await pipeline(data, createWriteStream(pathFor(fileName)));
 * }
 * ```
 */
export async function* readFormParts(
  pieces: AsyncIterable<FormPiece>,
  limits: MultipartLimits = {},
): AsyncGenerator<FormPart, void> {
  const reader = new FormReader(pieces[Symbol.asyncIterator](), limits);
  try {
    for (;;) {
      const header = await reader.nextPart(); // oxlint-disable-line no-await-in-loop -- one part after the other
      if (header === undefined) return;
      yield { ...header, data: reader.dataOf(header) };
    }
  } finally {
    await reader.close();
  }
}

/** A part's header, some of its bytes, or undefined for its end. */
type FormEvent = PartHeader | Uint8Array | undefined;

class FormReader {
  readonly #pieces: AsyncIterator<FormPiece>;
  readonly #limits: MultipartLimits;
  #parser: MultipartParser | undefined;
  #events: FormEvent[] = [];
  #ended = false;
  /** The part whose bytes come next. */
  #part: PartHeader | undefined;

  constructor(pieces: AsyncIterator<FormPiece>, limits: MultipartLimits) {
    this.#pieces = pieces;
    this.#limits = limits;
  }

  /** Passes over what is left of the part before; undefined at the end of the form. */
  async nextPart(): Promise<PartHeader | undefined> {
    while (await this.#hasEvent()) {
      const event = this.#events.shift();
      if (event === undefined || event instanceof Uint8Array) continue;
      this.#part = event;
      return event;
    }
    this.#part = undefined;
    return undefined;
  }

  /** The bytes of a part, as long as no other part has been asked for. */
  async *dataOf(part: PartHeader): AsyncGenerator<Uint8Array, void> {
    while (this.#part === part && (await this.#hasEvent())) {
      const [event] = this.#events;
      if (!(event instanceof Uint8Array)) return;
      this.#events.shift();
      yield event;
    }
  }

  /** Lets go of the pieces that were not read. */
  async close(): Promise<void> {
    this.#part = undefined;
    if (!this.#ended) await this.#pieces.return?.();
  }

  /** Waits for something to be told; false: the form has ended. */
  async #hasEvent(): Promise<boolean> {
    while (this.#events.length === 0 && !this.#ended) {
      const step = await this.#pieces.next(); // oxlint-disable-line no-await-in-loop -- one piece after the other
      if (step.done === true) {
        this.#ended = true;
        if (this.#parser === undefined)
          throw bindingError("the form is empty, send one part or more");
        this.#parser.end();
      } else {
        this.#parser ??= this.#createParser(step.value.contentType);
        this.#parser.write(step.value.data);
      }
    }
    return this.#events.length > 0;
  }

  #createParser(contentType: string): MultipartParser {
    if (bareType(contentType) !== "multipart/form-data") {
      const message = `content type ${excerpt(contentType)} is no form, use "multipart/form-data"`;
      throw new KratosError(415, "CODEC", message);
    }
    return new MultipartParser(
      contentType,
      {
        onPart: (header) => this.#events.push(header),
        onData: (bytes) => this.#events.push(bytes),
        onPartEnd: () => this.#events.push(undefined),
      },
      this.#limits,
    );
  }
}
