import type { DescMessage } from "@bufbuild/protobuf";
import { fieldError } from "./binding-error.ts";
import { type MessageRecord, openField, setField } from "./field-access.ts";
import { type PathField, resolvePathField } from "./path-field.ts";
import { isSingleSegment, type PathTemplate, pathVariables } from "./path-template.ts";
import { decodeSegment, decodeSegments, decodeUnreserved } from "./percent-decoding.ts";
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
}

/** Puts the path's variables into a message; `segments` are the path's, as they came. */
export type PathBinder = (message: MessageRecord, segments: readonly string[]) => void;

/** Compiles the binding of a template's variables. Throws an `Error` as {@link resolvePathField} does. */
export function compilePathBinder(
  desc: DescMessage,
  template: PathTemplate,
  options: PathOptions,
): PathBinder {
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
        put(message, target, read, decodeSegment(segments[from]!)),
      );
    } else {
      const decode = options.keepReserved ? decodeUnreserved : decodeSegments;
      const deep = segment.pattern.at(-1)?.kind === "deep-wildcard";
      const end = deep ? undefined : from + length;
      binders.push((message, segments) =>
        put(message, target, read, decode(segments.slice(from, end).join("/"))),
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
  setField(target, field, value);
}
