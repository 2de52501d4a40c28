import { isSingleSegment, type PathTemplate } from "./path-template.ts";
import { decodeSegment, decodeSegments } from "./percent-decoding.ts";

/** Reads the variables of a path, given as its segments as they came. Throws 400 `CODEC`. */
export type PathParamsReader = (segments: readonly string[]) => Readonly<Record<string, string>>;

/** Compiles how the variables of a template are read as text, by the rules that hold for messages. */
export function compilePathParams(template: PathTemplate): PathParamsReader {
  const readers: { name: string; read: (segments: readonly string[]) => string }[] = [];
  let start = 0;
  for (const segment of template.segments) {
    const from = start;
    start += segment.kind === "variable" ? segment.pattern.length : 1;
    if (segment.kind !== "variable") continue;
    const deep = segment.pattern.at(-1)?.kind === "deep-wildcard";
    const end = deep ? undefined : start;
    readers.push({
      name: segment.fieldPath.join("."),
      read: isSingleSegment(segment)
        ? (segments) => decodeSegment(segments[from]!)
        : (segments) => decodeSegments(segments.slice(from, end).join("/")),
    });
  }
  return (segments) => Object.fromEntries(readers.map(({ name, read }) => [name, read(segments)]));
}
