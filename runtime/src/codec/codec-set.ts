import type { DescField, DescMessage } from "@bufbuild/protobuf";
import { isWrapperDesc } from "@bufbuild/protobuf/wkt";
import type { AnyContext } from "./any.ts";
import { enumCodec } from "./enum.ts";
import type { ExtensionContext, ExtensionJson } from "./extension-json.ts";
import { findExtensionJson } from "./extension-json.ts";
import { formOf, planMessage } from "./field-plan.ts";
import type { MessagePlan } from "./field-plan.ts";
import { groupFraming, LENGTH_DELIMITED } from "./framing.ts";
import type { JsonOptions } from "./json-options.ts";
import { messageValue, structValue, wrapperValue } from "./message-value.ts";
import { scalarCodec } from "./scalar.ts";
import type { MessageOps, ValueCodec } from "./value-codec.ts";
import { findJsonForm, hasJsonForm } from "./well-known.ts";
import type { WriterPool } from "./writer-pool.ts";

/** Makes the operations of one message type, each on demand. */
export interface OpsMaker {
  writeJson(): MessageOps["writeJson"];
  readJson(): MessageOps["readJson"];
  writeBinary(): MessageOps["writeBinary"];
  readBinary(): MessageOps["readBinary"];
}

/** A way to make operations: by interpreting a plan or by compiling it. */
export type Engine = (
  plan: MessagePlan,
  options: JsonOptions,
  extensions: ExtensionJson | undefined,
) => OpsMaker;

/** The operations of all message types that one codec needs, each made when it is first used. */
export class CodecSet {
  private readonly types = new Map<DescMessage, MessageOps>();
  private readonly options: JsonOptions;
  private readonly engine: Engine;
  private readonly context: AnyContext & ExtensionContext;

  /** `writers` may be shared with others. */
  constructor(options: JsonOptions, engine: Engine, writers: WriterPool) {
    this.options = options;
    this.engine = engine;
    this.context = {
      registry: options.registry,
      emitDefaults: options.emitDefaults,
      writers,
      opsOf: (desc) => this.opsOf(desc),
      planOf: (desc) => this.planOf(desc),
      hasJsonForm,
    };
  }

  /** The operations of a message type. Cheap: nothing is made before it is used. */
  opsOf(desc: DescMessage): MessageOps {
    let ops = this.types.get(desc);
    if (ops === undefined) {
      ops = this.defer(desc);
      this.types.set(desc, ops);
    }
    return ops;
  }

  /** The facts of a message type, with the codecs of its fields. */
  planOf(desc: DescMessage): MessagePlan {
    return planMessage(desc, (field) => this.valueOf(field));
  }

  // Message types refer to each other, also in circles, and a server reads its requests and writes
  // its replies but seldom the other way round: so each operation is made at its first use.
  private defer(desc: DescMessage): MessageOps {
    let made: OpsMaker | undefined;
    const maker = () => (made ??= this.makerOf(desc));
    const ops: MessageOps = {
      writeJson(message, depth) {
        ops.writeJson = maker().writeJson();
        return ops.writeJson(message, depth);
      },
      readJson(json, depth) {
        ops.readJson = maker().readJson();
        return ops.readJson(json, depth);
      },
      writeBinary(writer, message, depth) {
        ops.writeBinary = maker().writeBinary();
        ops.writeBinary(writer, message, depth);
      },
      readBinary(reader, end, depth, existing) {
        ops.readBinary = maker().readBinary();
        return ops.readBinary(reader, end, depth, existing);
      },
    };
    return ops;
  }

  private makerOf(desc: DescMessage): OpsMaker {
    const maker = this.engine(
      this.planOf(desc),
      this.options,
      findExtensionJson(desc, this.context),
    );
    const form = findJsonForm(desc, this.context, () => this.wrappedValue(desc));
    if (form === undefined) return maker;
    return { ...maker, writeJson: () => form.writeJson, readJson: () => form.readJson };
  }

  private valueOf(field: DescField): ValueCodec {
    if (field.message !== undefined) return this.messageValueOf(field, field.message);
    if (field.enum !== undefined) return enumCodec(field.enum, this.options);
    const longAsString = "longAsString" in field && field.longAsString;
    return scalarCodec(
      field.scalar,
      { longAsString, strictUtf8: field.utf8Validation },
      this.options,
    );
  }

  private messageValueOf(field: DescField, message: DescMessage): ValueCodec {
    const ops = this.opsOf(message);
    const form = formOf(field);
    const isGroup = "delimitedEncoding" in field && field.delimitedEncoding;
    const framing = isGroup ? groupFraming(field.number) : LENGTH_DELIMITED;
    if (form === "struct") return structValue(ops, framing);
    if (form === "wrapper") {
      return wrapperValue(ops, framing, this.wrappedValue(message), message.typeName);
    }
    return messageValue(ops, framing, message.typeName === "google.protobuf.Value");
  }

  private wrappedValue(desc: DescMessage): ValueCodec {
    const field = desc.fields[0];
    if (field === undefined || !isWrapperDesc(desc)) {
      throw new TypeError(`${desc.typeName} is not a wrapper`);
    }
    return this.valueOf(field);
  }
}
