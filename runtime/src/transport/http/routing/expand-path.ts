import type { PathPattern, PathSegment, PathTemplate, PathVariable } from "./path-template.ts";

/** A value does not fit its place in a path. */
export class PathValueError extends Error {
  override readonly name = "PathValueError";
  /** The variable, such as `sub.id`; empty when a wildcard outside of variables is the fault. */
  readonly variable: string;

  constructor(variable: string, reason: string) {
    super(variable === "" ? reason : `field "${variable}" cannot go into the path: ${reason}`);
    this.variable = variable;
  }
}

/**
 * Writes the path that a client asks for. `values` holds the text of each variable under its name, such as
 * `sub.id`. Everything but `[-_.~0-9a-zA-Z]` is percent-encoded; slashes stay only in variables that span
 * several segments, whose text must match their pattern. Throws {@link PathValueError} for a value that
 * would lead to another path than meant: an empty segment, `.` or `..`.
 */
export function expandPath(
  template: PathTemplate,
  values: Readonly<Record<string, string>>,
): string {
  let path = "";
  for (const segment of template.segments) path += expandSegment(segment, values);
  if (path === "") path = "/";
  return template.verb === undefined ? path : `${path}:${template.verb}`;
}

/** Percent-encodes all but RFC 3986's unreserved characters; `encodeURIComponent` leaves `!'()*`. */
export function encodeStrictly(text: string): string {
  const encoded = encodeURIComponent(text);
  return /[!'()*]/.test(encoded)
    ? encoded.replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`)
    : encoded;
}

function expandSegment(segment: PathSegment, values: Readonly<Record<string, string>>): string {
  switch (segment.kind) {
    case "literal":
      return `/${segment.text}`;
    case "wildcard":
      throw new PathValueError("", 'the path has a "*" that no field fills');
    case "deep-wildcard":
      return "";
    case "variable":
      return expandVariable(segment, values);
  }
}

function expandVariable(
  { fieldPath, pattern }: PathVariable,
  values: Readonly<Record<string, string>>,
): string {
  const name = fieldPath.join(".");
  const value = Object.hasOwn(values, name) ? values[name]! : "";
  const single = pattern.length === 1 && pattern[0]!.kind !== "deep-wildcard";
  const parts = single ? [value] : value === "" ? [] : value.split("/");
  if (!matches(pattern, parts)) {
    const wanted = pattern.map(printPattern).join("/");
    const reason = value === "" ? "it is empty" : `"${value}" does not match "${wanted}"`;
    throw new PathValueError(name, reason);
  }
  return parts.map((part) => `/${encodePart(name, part)}`).join("");
}

function matches(pattern: readonly PathPattern[], parts: readonly string[]): boolean {
  const deep = pattern.at(-1)?.kind === "deep-wildcard";
  const fixed = deep ? pattern.length - 1 : pattern.length;
  if (deep ? parts.length < fixed : parts.length !== fixed) return false;
  return parts.every((part, index) => {
    const want = index < fixed ? pattern[index]! : undefined;
    return want?.kind === "literal" ? decodeURIComponent(want.text) === part : part !== "";
  });
}

function encodePart(name: string, part: string): string {
  if (part === "." || part === "..") {
    throw new PathValueError(name, `"${part}" would be taken for a step in the path`);
  }
  if (/\p{Surrogate}/u.test(part)) {
    throw new PathValueError(name, "it holds half a surrogate pair");
  }
  return encodeStrictly(part);
}

function printPattern(part: PathPattern): string {
  return part.kind === "literal" ? part.text : part.kind === "wildcard" ? "*" : "**";
}
