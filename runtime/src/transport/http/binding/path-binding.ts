import { type DescField, type DescMessage, equals, type Message } from "@bufbuild/protobuf";
import { fieldError } from "../binding-error.ts";
import { getField, isAbsent, type MessageRecord, openField, setField } from "./field-access.ts";
import { type PathField, resolvePathField } from "./path-field.ts";
import { isSingleSegment, type PathTemplate, pathVariables } from "../routing/path-template.ts";
import { decodeSegment, decodeSegments, decodeUnreserved } from "../routing/percent-decoding.ts";
import {
  compileTextReader,
  isJsonText,
  type TextOptions,
  type TextReader,
  TextValueError,
} from "./text-value.ts";

/** How path variables are decoded. */
export interface PathOptions extends TextOptions {
  /** Leave all reserved characters of variables over several segments encoded, not only the slash. */
  readonly keepReserved: boolean;
  /** Refuse bodies that give a field of the path another value, which the path would replace. */
  readonly strictPath: boolean;
}

/** Puts the path's variables into a message; `segments` are the path's, as they came. */
export type PathBinder = (message: MessageRecord, segments: readonly string[]) => void;

/** Compiles the binding of a template's variables. Throws an `Error` as {@link resolvePathField} does. */
export function compilePathBinder(
  desc: DescMessage,
  template: PathTemplate,
  options: PathOptions,
): PathBinder {
  const write = options.strictPath ? setSame : setField;
  const binders: PathBinder[] = [];
  let start = 0;
  for (const segment of template.segments) {
    if (segment.kind !== "variable") {
      start++;
      continue;
    }
    const target = resolvePathField(desc, segment.fieldPath);
    const read = compileTextReader(target.field, options);
    if (read === undefined || isJsonText(target.field.message?.typeName ?? "")) {
      throw new Error(`path variable "${target.name}" is a message, which has no text`);
    }
    const from = start;
    const length = segment.pattern.length;
    start += length;
    if (isSingleSegment(segment)) {
      binders.push((message, segments) =>
        put(message, target, read, decodeSegment(segments[from]!), write),
      );
    } else {
      const decode = options.keepReserved ? decodeUnreserved : decodeSegments;
      const deep = segment.pattern.at(-1)?.kind === "deep-wildcard";
      const end = deep ? undefined : from + length;
      binders.push((message, segments) =>
        put(message, target, read, decode(segments.slice(from, end).join("/")), write),
      );
    }
  }
  const [first, ...others] = binders;
  if (first === undefined) return () => undefined;
  if (others.length === 0) return first;
  return (message, segments) => {
    for (const bind of binders) bind(message, segments);
  };
}

/** The names of a template's variables, such as `sub.id`. */
export function variableNames(template: PathTemplate): readonly string[] {
  return pathVariables(template).map(({ fieldPath }) => fieldPath.join("."));
}

function put(
  message: MessageRecord,
  { name, parents, field }: PathField,
  read: TextReader,
  text: string,
  write: FieldWriter,
): void {
  let value: unknown;
  try {
    value = read(text);
  } catch (error) {
    if (error instanceof TextValueError) throw fieldError(name, error.message, error);
    throw error;
  }
  let target = message;
  for (const parent of parents) target = openField(target, parent);
  write(target, field, value, name);
}

/** Puts the value of the field `name` into the message that holds it. */
type FieldWriter = (target: MessageRecord, field: DescField, value: unknown, name: string) => void;

/** Throws 400 `CODEC` where the field, or another one of its oneof, has a value already. */
function setSame(target: MessageRecord, field: DescField, value: unknown, name: string): void {
  const { oneof } = field;
  const choice = oneof && (target[oneof.localName] as { readonly case?: string });
  const present = getField(target, field);
  if (choice?.case !== undefined && choice.case !== field.localName) {
    const other = oneof!.fields.find(({ localName }) => localName === choice.case);
    throw fieldError(name, `"${other?.name}" is given too, and only one of them can be`);
  }
  if (present !== undefined && !isAbsent(field, present) && !isSame(field, present, value)) {
    throw fieldError(name, "the path and the body give different values");
  }
  setField(target, field, value);
}

function isSame(field: DescField, first: unknown, second: unknown): boolean {
  if (first instanceof Uint8Array) return Buffer.compare(first, second as Uint8Array) === 0;
  // Wrappers are held as what they wrap.
  if (field.fieldKind === "message" && typeof first === "object") {
    return equals(field.message, first as Message, second as Message);
  }
  return Object.is(first, second);
}
