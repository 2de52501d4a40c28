import type { Registry } from "@bufbuild/protobuf";

/** How ProtoJSON is written and read. The defaults are those of Kratos. */
export interface JsonOptions {
  /**
   * Write unset fields too: zero scalars, `[]`, `{}`, and `null` for an unset message.
   * See {@link createCodecs} for the whole rule. Default: true.
   */
  readonly emitDefaults: boolean;
  /** Write enum values as numbers instead of names. Default: false. */
  readonly enumAsNumber: boolean;
  /** Write `order_id` instead of `orderId`. Both are always read. Default: false. */
  readonly protoNames: boolean;
  /** Write 64-bit integers as JSON numbers, all digits kept, instead of strings. Default: false. */
  readonly int64AsNumber: boolean;
  /** Skip unknown fields when reading; otherwise they are errors. Default: true. */
  readonly ignoreUnknown: boolean;
  /** Where the types of `google.protobuf.Any` and extensions are found. Default: none. */
  readonly registry: Registry | undefined;
}

const DEFAULTS: JsonOptions = {
  emitDefaults: true,
  enumAsNumber: false,
  protoNames: false,
  int64AsNumber: false,
  ignoreUnknown: true,
  registry: undefined,
};

/** Fills what is not given from `base`. */
export function completeJsonOptions(
  options: Partial<JsonOptions>,
  base: JsonOptions = DEFAULTS,
): JsonOptions {
  return {
    emitDefaults: options.emitDefaults ?? base.emitDefaults,
    enumAsNumber: options.enumAsNumber ?? base.enumAsNumber,
    protoNames: options.protoNames ?? base.protoNames,
    int64AsNumber: options.int64AsNumber ?? base.int64AsNumber,
    ignoreUnknown: options.ignoreUnknown ?? base.ignoreUnknown,
    registry: options.registry ?? base.registry,
  };
}

/** Reports whether both mean the same. */
export function isSameJson(a: JsonOptions, b: JsonOptions): boolean {
  return (Object.keys(DEFAULTS) as (keyof JsonOptions)[]).every((name) => a[name] === b[name]);
}
