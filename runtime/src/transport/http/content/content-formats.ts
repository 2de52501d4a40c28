import { KratosError } from "../../../errors/kratos-error.ts";
import { excerpt } from "../binding-error.ts";
import type { ContentCodec } from "./content-codec.ts";
import { bareType, findMessageFormat, findParameter } from "./media-type.ts";
import { chooseOffer, parsePreferences } from "./negotiation.ts";

/** How a request's body is written. */
export type BodyFormat = "json" | "binary" | "form" | "multipart" | ContentCodec;

/** How a reply is written, and what it says it is. */
export interface ReplyFormat {
  readonly format: "json" | "binary" | ContentCodec;
  readonly contentType: string;
}

interface Offer {
  readonly type: string;
  readonly reply: ReplyFormat;
}

/** What clients send is remembered only so far, since they could invent new headers for ever. */
const maxRemembered = 256;
const maxRememberedLength = 512;

const messageTypes = [
  "application/json",
  "application/protojson",
  "application/proto",
  "application/protobuf",
  "application/x-protobuf",
];

/** The formats that a server reads and writes: JSON, protobuf binary, forms, and those of its codecs. */
export class ContentFormats {
  readonly #json: "json" | ContentCodec;
  readonly #jsonReply: ReplyFormat;
  readonly #codecs = new Map<string, ContentCodec>();
  readonly #offers: readonly Offer[];
  /** What headers were understood as. */
  readonly #found = new Map<string, BodyFormat>();
  readonly #chosen = new Map<string, ReplyFormat>();

  /**
   * A codec under the name of a built-in format takes its place. Throws a `TypeError` for a name that is no
   * media type, and for one that two codecs have.
   */
  constructor(codecs: readonly ContentCodec[] = []) {
    for (const codec of codecs) {
      for (const type of codec.contentTypes) this.#add(type, codec);
    }
    this.#json = this.#codecs.get("application/json") ?? "json";
    this.#jsonReply = { format: this.#json, contentType: "application/json" };
    const [json, protojson, ...binary] = messageTypes;
    const names = [json!, protojson!, ...this.#codecs.keys(), ...binary];
    this.#offers = [...new Set(names)].map((type) => this.#offer(type));
  }

  /** What a `Content-Type` says about a request's body; undefined for what cannot be read. */
  findBodyFormat(contentType: string | undefined): BodyFormat | undefined {
    if (contentType === undefined || contentType === "application/json") return this.#json;
    const known = this.#found.get(contentType);
    if (known !== undefined) return known;
    const type = bareType(contentType);
    if (type === "") return this.#json;
    // Its boundary is another each time.
    if (type === "multipart/form-data") return this.#codecs.get(type) ?? "multipart";
    const format = this.#findFormat(type);
    const readable = format === "binary" || isUtf8(contentType) ? format : undefined;
    if (readable !== undefined) remember(this.#found, contentType, readable);
    return readable;
  }

  /**
   * The format of a reply: what the client likes best by its `Accept`, else JSON.
   * `application/protojson` is the same JSON under the name that Kratos's clients know.
   */
  chooseReply(accept: string | undefined): ReplyFormat {
    if (accept === undefined || accept === "*/*" || accept === "application/json") {
      return this.#jsonReply;
    }
    return this.#choose(accept) ?? this.#jsonReply;
  }

  /** Throws 406 `CODEC` when no reply can have a format that `accept` allows. */
  requireAcceptable(accept: string | undefined): void {
    if (accept === undefined || accept.trim() === "" || this.#choose(accept) !== undefined) return;
    const offered = this.#offers.map(({ type }) => type).join('", "');
    const message = `nothing that "Accept" allows can be written: ${excerpt(accept)}, use one of "${offered}"`;
    throw new KratosError(406, "CODEC", message);
  }

  /** 415 `CODEC` for a body that {@link findBodyFormat} does not know. */
  unsupported(contentType: string): KratosError<"CODEC"> {
    if (this.#findFormat(bareType(contentType)) !== undefined) {
      const charset = findParameter(contentType, "charset") ?? "";
      const message = `charset ${excerpt(charset)} is not supported, use "utf-8"`;
      return new KratosError(415, "CODEC", message);
    }
    const readable = [
      ...this.#offers.map(({ type }) => type),
      "application/x-www-form-urlencoded",
      "multipart/form-data",
    ];
    const message = `content type ${excerpt(contentType)} is not supported, use "${readable.join('", "')}"`;
    return new KratosError(415, "CODEC", message);
  }

  #add(type: string, codec: ContentCodec): void {
    if (!/^[a-z0-9!#$&^_.+-]+\/[a-z0-9!#$&^_.+-]+$/.test(type)) {
      throw new TypeError(
        `content type "${type}" of a codec must be a media type in lower case such as "application/xml"`,
      );
    }
    if (this.#codecs.has(type)) {
      throw new TypeError(`content type "${type}" has two codecs, give it one`);
    }
    this.#codecs.set(type, codec);
  }

  #findFormat(type: string): BodyFormat | undefined {
    const codec = this.#codecs.get(type);
    if (codec !== undefined) return codec;
    if (type === "application/x-www-form-urlencoded") return "form";
    return findMessageFormat(type);
  }

  #offer(type: string): Offer {
    const format = this.#codecs.get(type) ?? findMessageFormat(type);
    return { type, reply: { format: format!, contentType: type } };
  }

  #choose(accept: string): ReplyFormat | undefined {
    const known = this.#chosen.get(accept);
    if (known !== undefined) return known;
    const reply = chooseOffer(parsePreferences(accept), this.#offers, specificity, "client")?.reply;
    if (reply !== undefined) remember(this.#chosen, accept, reply);
    return reply;
  }
}

function remember<T>(known: Map<string, T>, header: string, value: T): void {
  if (header.length <= maxRememberedLength && known.size < maxRemembered) known.set(header, value);
}

/** 2: by its name, 1: by its main type, 0: as anything, -1: not. */
function specificity(range: string, { type }: Offer): number {
  if (range === type) return 2;
  if (range === "*/*" || range === "*") return 0;
  if (range.endsWith("/*")) return type.startsWith(range.slice(0, -1)) ? 1 : -1;
  // Whoever asks for these takes any JSON.
  const isJson = range === "text/json" || range.endsWith("+json");
  return isJson && type === "application/json" ? 2 : -1;
}

function isUtf8(contentType: string): boolean {
  const charset = findParameter(contentType, "charset")?.toLowerCase();
  return (
    charset === undefined || charset === "utf-8" || charset === "utf8" || charset === "us-ascii"
  );
}
