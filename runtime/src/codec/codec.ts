import type {
  DescField,
  DescMessage,
  JsonValue,
  MessageInitShape,
  MessageShape,
} from "@bufbuild/protobuf";
import { BinaryReader } from "./binary-reader.ts";
import { CodecError, isCodecError, withSegment } from "./codec-error.ts";
import { CodecSet } from "./codec-set.ts";
import type { Engine } from "./codec-set.ts";
import { compile } from "./compiled.ts";
import { fieldValueFromJson, fieldValueToJson } from "./field-json.ts";
import type { FieldPlan } from "./field-plan.ts";
import { interpret } from "./interpreted.ts";
import { completeJsonOptions, isSameJson } from "./json-options.ts";
import type { JsonOptions } from "./json-options.ts";
import { parseJson } from "./json-syntax.ts";
import { canCompile } from "./source.ts";
import type { MessageOps } from "./value-codec.ts";
import { WriterPool } from "./writer-pool.ts";

/** Reads and writes one message type. */
export interface MessageCodec<D extends DescMessage = DescMessage> {
  readonly desc: D;
  /**
   * ProtoJSON text of a message, or of what `create()` would make one from.
   * Throws {@link CodecError} for values that do not fit their field.
   */
  toJsonString(message: MessageInitShape<D>): string;
  /** Reads what `JSON.parse` returned. Throws {@link CodecError}. */
  fromJson(value: JsonValue): MessageShape<D>;
  /** Parses and reads; malformed JSON is a {@link CodecError} with line and column. */
  fromJsonString(text: string): MessageShape<D>;
  /**
   * Protobuf binary, behind `headroom` zero bytes (for a frame's header; default 0).
   * The result may be a view of a larger buffer, as Node's small buffers are.
   * Throws {@link CodecError} for values that do not fit their field.
   */
  toBinary(message: MessageInitShape<D>, headroom?: number): Uint8Array;
  /**
   * Reads `bytes` from `start` (default 0) to `end` (default: all), and keeps no view of them.
   * Throws {@link CodecError}.
   */
  fromBinary(bytes: Uint8Array, start?: number, end?: number): MessageShape<D>;
}

/** Reads and writes one field alone: `body: "field"` and `response_body` of an HTTP rule. */
export interface FieldCodec {
  readonly field: DescField;
  /**
   * JSON text of the field's value, as a message holds it. Without a value: the zero value, `[]`,
   * `{}` for maps and messages, `null` for well-known types. Throws {@link CodecError}.
   */
  toJsonString(value: unknown): string;
  /**
   * The value to put in the message. `null` gives what an unset field has: the zero value, an
   * empty list or map, or undefined for messages. Throws {@link CodecError}.
   */
  fromJson(value: JsonValue): unknown;
}

/**
 * Codecs that share their options and their compiled types. One for all of a server compiles each type
 * once, in however many routes it stands.
 */
export interface Codecs {
  /** The codec of a message type; the same one at every call. */
  message<D extends DescMessage>(desc: D): MessageCodec<D>;
  /** The codec of a field. */
  field(field: DescField): FieldCodec;
  /**
   * Lets what `toBinary` has returned be written over, once nobody needs it any more: who sends many messages,
   * and has them copied, need not have memory for each. Without effect unless no message was written since.
   */
  reuse(bytes: Uint8Array): void;
  /** Codecs with some options changed; the same ones for the same options. */
  with(options: Partial<JsonOptions>): Codecs;
}

/**
 * Makes codecs with common options. Message types are compiled when they are first used.
 *
 * Results equal those of `@bufbuild/protobuf`, except in JSON:
 * - with `emitDefaults`, unset message fields are written as `null`, as Kratos does. Left out are
 *   members of a oneof, `optional` scalars, and `google.protobuf.Value`;
 * - a float is written in the fewest digits that read back as the same float;
 * - an Any of an unknown type keeps its bytes as base64 in `value`; all keep their type URL as it is;
 * - input that ProtoJSON does not allow is refused throughout: unknown enum names, `"0x10"`,
 *   `"1.5s later"`, days and hours that do not exist, lone surrogates, base64 of an impossible length,
 *   numbers beyond a double, and 64-bit integers that `JSON.parse` has rounded;
 * - `"1.0"` and `"1e2"` are read as 64-bit integers too, which `jstype = JS_STRING` then holds as `"1"` and
 *   `"100"`; -0 as the integer 0; and the largest float in whatever digits. `null` leaves extensions and members of a oneof unset. Of duplicate keys the last
 *   wins. A JSON name goes before the same proto name of another field;
 * - `__proto__` is a key and a name as any other.
 *
 * And in binary:
 * - a field of another wire type than declared, and what follows a value that is cut off, are not read:
 *   the former counts as unknown, the latter is an error;
 * - unknown fields in an entry of a map are skipped, and its message may come in parts;
 * - unknown values of a closed enum are kept, whatever else is unknown; so are byte order marks.
 *
 * Limits: messages nest 100 deep, as do the lists and objects of a `google.protobuf.Struct`; in binary each
 * of these takes two levels. How much there is of anything is bounded by the size of the input
 * alone, which is for transports to limit: what is read may take a hundred times the memory of its bytes,
 * since an empty message or an unknown field has two or three of them.
 */
export function createCodecs(options: Partial<JsonOptions> = {}): Codecs {
  return createCodecsWith(options, canCompile() ? compile : interpret);
}

/** As {@link createCodecs}, with the engine given. */
export function createCodecsWith(options: Partial<JsonOptions>, engine: Engine): Codecs {
  return codecsOf(completeJsonOptions(options), engine, []);
}

/** `family`: codecs that were made from each other, by their options. */
function codecsOf(options: JsonOptions, engine: Engine, family: Relative[]): Codecs {
  const known = family.find((each) => isSameJson(each.options, options));
  if (known !== undefined) return known.codecs;
  const codecs = makeCodecs(options, engine, (changes) =>
    codecsOf(completeJsonOptions(changes, options), engine, family),
  );
  family.push({ options, codecs });
  return codecs;
}

interface Relative {
  readonly options: JsonOptions;
  readonly codecs: Codecs;
}

function makeCodecs(complete: JsonOptions, engine: Engine, change: Codecs["with"]): Codecs {
  const writers = new WriterPool();
  const interpreted = new CodecSet(complete, interpret, writers);
  const fast = engine === interpret ? interpreted : new CodecSet(complete, engine, writers);
  const made = new WeakMap<DescMessage, unknown>();

  function makeCodec<D extends DescMessage>(desc: D): MessageCodec<D> {
    const ops = fast.opsOf(desc);

    // Compiled operations do not know the path to a fault; interpreting the same input again does.
    function interpretAfter(error: unknown): MessageOps {
      if (!isCodecError(error) || fast === interpreted) throw error;
      return interpreted.opsOf(desc);
    }

    function fromJson(value: unknown): MessageShape<D> {
      try {
        return ops.readJson(value, 1) as MessageShape<D>;
      } catch (error) {
        interpretAfter(error).readJson(value, 1);
        throw error;
      }
    }

    return {
      desc,
      toJsonString(message) {
        try {
          return ops.writeJson(message, 1);
        } catch (error) {
          interpretAfter(error).writeJson(message, 1);
          throw error;
        }
      },
      fromJson,
      fromJsonString: (text) => fromJson(parseJson(text)),
      toBinary(message, headroom = 0) {
        try {
          return writers.writeMessage(ops, message, 1, headroom);
        } catch (error) {
          writers.writeMessage(interpretAfter(error), message, 1);
          throw error;
        }
      },
      fromBinary(bytes, start = 0, end = bytes.length) {
        try {
          return ops.readBinary(new BinaryReader(bytes, start, end), end, 1) as MessageShape<D>;
        } catch (error) {
          interpretAfter(error).readBinary(new BinaryReader(bytes, start, end), end, 1);
          throw error;
        }
      },
    };
  }

  return {
    message<D extends DescMessage>(desc: D): MessageCodec<D> {
      const known = made.get(desc) as MessageCodec<D> | undefined;
      if (known !== undefined) return known;
      const codec = makeCodec(desc);
      made.set(desc, codec);
      return codec;
    },
    field(field) {
      const plan = fieldPlan(fast, field);
      let slow: FieldPlan | undefined;
      function explainField<T>(run: (plan: FieldPlan) => T): T {
        try {
          return run(plan);
        } catch (error) {
          if (isCodecError(error))
            named(field, () => run((slow ??= fieldPlan(interpreted, field))));
          throw error;
        }
      }
      return {
        field,
        toJsonString: (value) => explainField((plan) => fieldValueToJson(value, plan)),
        fromJson: (value) => explainField((plan) => fieldValueFromJson(value, plan)),
      };
    },
    reuse: (bytes) => writers.reuse(bytes),
    with: change,
  };
}

function fieldPlan(set: CodecSet, field: DescField): FieldPlan {
  const plan = set.planOf(field.parent).fields.find((each) => each.field === field);
  if (plan === undefined) throw new CodecError("no field of its message", field.name);
  return plan;
}

/** Makes the codec of one message type. Where there are several, share {@link createCodecs}. */
export function compileCodec<D extends DescMessage>(
  desc: D,
  options: Partial<JsonOptions> = {},
): MessageCodec<D> {
  return createCodecs(options).message(desc);
}

/** Makes the codec of one field. */
export function compileFieldCodec(
  field: DescField,
  options: Partial<JsonOptions> = {},
): FieldCodec {
  return createCodecs(options).field(field);
}

function named<T>(field: DescField, run: () => T): T {
  try {
    return run();
  } catch (error) {
    throw withSegment(error, field.name);
  }
}
