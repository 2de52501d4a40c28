import type { DescField, DescMessage } from "@bufbuild/protobuf";
import { isWrapperDesc } from "@bufbuild/protobuf/wkt";
import type { AnyContext } from "./any.ts";
import { enumCodec } from "./enum.ts";
import type { ExtensionJson } from "./extension-json.ts";
import { findExtensionJson } from "./extension-json.ts";
import { formOf, planMessage } from "./field-plan.ts";
import type { MessagePlan } from "./field-plan.ts";
import type { JsonOptions } from "./json-options.ts";
import { groupValue, messageValue, structValue, wrapperValue } from "./message-value.ts";
import { scalarCodec } from "./scalar.ts";
import type { MessageOps, ValueCodec } from "./value-codec.ts";
import { findJsonForm, hasJsonForm } from "./well-known.ts";

/** Makes the operations of one message type: by interpreting its plan or by compiling it. */
export type MakeOps = (
  plan: MessagePlan,
  options: JsonOptions,
  extensions: ExtensionJson | undefined,
) => MessageOps;

/** The operations of all message types that one codec needs, each made when it is first used. */
export class CodecSet {
  private readonly types = new Map<DescMessage, MessageOps>();
  private readonly options: JsonOptions;
  private readonly make: MakeOps;
  private readonly anyContext: AnyContext;

  constructor(options: JsonOptions, make: MakeOps) {
    this.options = options;
    this.make = make;
    this.anyContext = {
      registry: options.registry,
      opsOf: (desc) => this.opsOf(desc),
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

  // Message types refer to each other, also in circles, so each is made at its first use.
  private defer(desc: DescMessage): MessageOps {
    const settle = (): MessageOps => Object.assign(deferred, this.makeOps(desc));
    const deferred: MessageOps = {
      writeJson: (message, depth) => settle().writeJson(message, depth),
      readJson: (json, depth) => settle().readJson(json, depth),
      writeBinary: (writer, message, depth) => settle().writeBinary(writer, message, depth),
      readBinary: (reader, end, depth, existing) =>
        settle().readBinary(reader, end, depth, existing),
    };
    return deferred;
  }

  private makeOps(desc: DescMessage): MessageOps {
    const plan = this.planOf(desc);
    const ops = this.make(plan, this.options, findExtensionJson(desc, this.options));
    const form = findJsonForm(desc, this.anyContext, () => this.wrappedValue(desc));
    return form === undefined ? ops : { ...ops, ...form };
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
    if (form === "struct") return structValue(ops);
    if (form === "wrapper") return wrapperValue(ops, this.wrappedValue(message), message.typeName);
    if ("delimitedEncoding" in field && field.delimitedEncoding) {
      return groupValue(ops, field.number);
    }
    return messageValue(ops, message.typeName === "google.protobuf.Value");
  }

  private wrappedValue(desc: DescMessage): ValueCodec {
    const field = desc.fields[0];
    if (field === undefined || !isWrapperDesc(desc)) {
      throw new TypeError(`${desc.typeName} is not a wrapper`);
    }
    return this.valueOf(field);
  }
}
