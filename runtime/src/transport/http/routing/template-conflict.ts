import { encodeStrictly } from "./expand-path.ts";
import type { PathSegment, PathTemplate } from "./path-template.ts";

/** A template and the HTTP method that it serves. */
export interface TemplateUse {
  /** In upper case; `*` for any. */
  readonly method: string;
  readonly template: PathTemplate;
}

/** Two uses that no request could tell apart. */
export interface TemplateConflict<T> {
  readonly first: T;
  readonly second: T;
}

/**
 * What a template matches, without the names of its variables: `/v1/{id}` and `/v1/{name=*}` have the same
 * normal form. Escapes are normalised.
 */
export function toNormalForm({ segments, verb }: PathTemplate): string {
  const path = segments.map(normalSegment).join("/");
  return verb === undefined ? `/${path}` : `/${path}:${encodeStrictly(decodeURIComponent(verb))}`;
}

/**
 * Finds the uses of one method whose templates match the same requests. Each use is reported at most once,
 * against the first that it collides with. `*` and a named method do not collide: the named one wins.
 */
export function findTemplateConflicts<T extends TemplateUse>(
  uses: Iterable<T>,
): readonly TemplateConflict<T>[] {
  const firstByForm = new Map<string, T>();
  const conflicts: TemplateConflict<T>[] = [];
  for (const use of uses) {
    const form = `${use.method} ${toNormalForm(use.template)}`;
    const first = firstByForm.get(form);
    if (first === undefined) firstByForm.set(form, use);
    else conflicts.push({ first, second: use });
  }
  return conflicts;
}

function normalSegment(segment: PathSegment): string {
  switch (segment.kind) {
    case "literal":
      return encodeStrictly(decodeURIComponent(segment.text));
    case "wildcard":
      return "*";
    case "deep-wildcard":
      return "**";
    case "variable":
      return segment.pattern.map(normalSegment).join("/");
  }
}
