import type { ClassElement, Node } from "oxc-parser";
import type { ClassMembers } from "./service-classes.ts";
import { listImports } from "./typescript-source.ts";
import type { TypescriptSource } from "./typescript-source.ts";

/**
 * The methods of a class that look as if they answered an rpc which is not there: public, from a generated message
 * (or from nothing) to what answers one. `known` are the methods of the service.
 */
export function findGoneMethods(
  source: TypescriptSource,
  { own }: ClassMembers,
  known: readonly string[],
): string[] {
  const imports = listImports(source);
  const messages = imports
    .filter(({ from }) => /_pb(\.[jt]s)?$|^@bufbuild\/protobuf\/wkt$/.test(from))
    .map(({ local }) => local);
  const shapes = imports
    .filter(({ imported }) => imported === "MessageInitShape")
    .map(({ local }) => local);
  return [...own]
    .filter(([name, member]) => !known.includes(name) && answers(member))
    .map(([name]) => name);

  function answers(member: ClassElement): boolean {
    if (member.type !== "MethodDefinition" || member.kind !== "method") return false;
    if (member.accessibility === "private" || member.accessibility === "protected") return false;
    const { params, returnType } = member.value;
    const reply = wordsOf(returnType);
    const shaped = reply.some((word) => shapes.includes(word));
    if (params[0] === undefined) return shaped;
    const request = wordsOf("typeAnnotation" in params[0] ? params[0].typeAnnotation : null);
    const waits = ["Promise", "AsyncGenerator", "AsyncIterable", "Awaitable"];
    const replies = shaped || (waits.includes(reply[0] ?? "") && has(reply, messages));
    return replies && has(request, messages);
  }

  function wordsOf(node: Pick<Node, "start" | "end"> | null | undefined): string[] {
    if (node === null || node === undefined) return [];
    return source.original.slice(node.start, node.end).match(/[\p{ID_Continue}$]+/gu) ?? [];
  }
}

function has(words: readonly string[], wanted: readonly string[]): boolean {
  return words.some((word) => wanted.includes(word));
}
