import type { DescField, DescMessage, Message } from "@bufbuild/protobuf";

/**
 * A format of bodies beside the built-in ones, such as XML or MessagePack. Given to a server by its option
 * `codecs`, to a client by its option `format`. `over` says what it works on: nearly always plain values,
 * since that is what the libraries of such formats want.
 */
export type ContentCodec = JsonContentCodec | MessageContentCodec;

/** A format over plain values: messages become what `JSON.parse` would return for their ProtoJSON, and back. */
export interface JsonContentCodec {
  readonly over: "json";
  readonly contentTypes: ContentTypes;
  /**
   * Writes a value: 64-bit integers and bytes are text in it, as in JSON. `desc` is its message type, or the
   * field when a rule's body is a field that is no message; its `name` serves as the name of a root element.
   */
  encode(value: unknown, desc: DescMessage | DescField): Uint8Array | string;
  /** Reads a value. Whatever it throws is answered with 400 `CODEC`, and so is a value that does not fit. */
  decode(bytes: Uint8Array, desc: DescMessage | DescField): unknown;
}

/** A format over messages as protobuf-es has them, such as protobuf's own text format. */
export interface MessageContentCodec {
  readonly over: "message";
  readonly contentTypes: ContentTypes;
  encode(message: Message, desc: DescMessage): Uint8Array | string;
  /** Reads a message of the type `desc`. Whatever it throws is answered with 400 `CODEC`. */
  decode(bytes: Uint8Array, desc: DescMessage): Message;
}

/**
 * The media types that a format goes by, in lower case and without parameters. What is written carries the
 * first, or the one that the client asks for.
 */
export type ContentTypes = readonly [string, ...string[]];
