import type { ClassElement } from "oxc-parser";
import type { FoundClass } from "./service-classes.ts";
import { indentAt } from "./typescript-source.ts";
import type { TypescriptSource } from "./typescript-source.ts";

/** A method to put into a class. */
export interface NewMethod {
  /** Its text, indented as if it stood at the beginning of the line; lines end in `\n`. */
  readonly text: string;
  /** The member that it comes after; `undefined`: at the end. */
  readonly after: ClassElement | undefined;
}

/** Puts methods into a class by insertion only, in the order in which they are given. */
export function insertMethods(
  source: TypescriptSource,
  { node }: FoundClass,
  methods: readonly NewMethod[],
): void {
  const { original } = source;
  const members = node.body.body;
  const outer = indentAt(original, node.start);
  const indent = readIndent(source, node.body.start, members, outer);
  const groups = new Map<ClassElement | undefined, string[]>();
  for (const { text, after } of methods) {
    const indented = text.replaceAll(/^(?=.)/gm, indent);
    groups.set(after, [...(groups.get(after) ?? []), indented]);
  }
  for (const [after, texts] of groups) {
    const place = after === undefined ? findEnd(source, node.body) : findPlaceAfter(source, after);
    const isFirst = after === undefined && members.length === 0;
    const rest = original.slice(place, node.body.end - 1);
    const next = original
      .slice(place)
      .match(/^[ \t]*(?:\r?\n(.*))?/)?.[1]
      ?.trim();
    const closesHere = rest.trim() === "" && !rest.includes("\n");
    const before = isFirst ? "\n" : "\n\n";
    // A member that follows without an empty line gets one; one that follows on the line gets a line.
    const end = closesHere
      ? `\n${outer}`
      : next === undefined || next === "" || next.startsWith("}")
        ? ""
        : "\n";
    const text = `${before}${texts.join("\n\n")}${end}`;
    source.insert(place, text.replaceAll("\n", source.newline));
  }
}

/** What members of the class are indented by. */
function readIndent(
  { original }: TypescriptSource,
  start: number,
  members: readonly ClassElement[],
  outer: string,
): string {
  for (const member of members) {
    const line = original.slice(original.lastIndexOf("\n", member.start - 1) + 1, member.start);
    if (/^[ \t]*$/.test(line) && original.slice(start, member.start).includes("\n")) return line;
  }
  return outer + (/^(\t| {2,8})(?=[^\s*])/m.exec(original)?.[1] ?? "  ");
}

/** After all that stands in the class, comments too. */
function findEnd(
  { original }: TypescriptSource,
  braces: { readonly start: number; readonly end: number },
): number {
  return braces.start + original.slice(braces.start, braces.end - 1).trimEnd().length;
}

/** After a member and what belongs to it: a semicolon, and comments that begin on its line. */
function findPlaceAfter({ original, comments }: TypescriptSource, member: ClassElement): number {
  let place = member.end;
  for (let at = place; ;) {
    const comment = comments.find(({ start }) => start === at);
    if (comment !== undefined) place = at = comment.end;
    else if (original[at] === ";") place = at += 1;
    else if (original[at] === " " || original[at] === "\t") at++;
    else if (at === original.length || /[\r\n]/.test(original[at] ?? "")) return place;
    // Something else follows on the line: what stood between belongs to nobody, or to that.
    else return original[member.end] === ";" ? member.end + 1 : member.end;
  }
}
