import { readFileSync } from "node:fs";

/** Cases that fail, and why that is right or has to be borne. */
export interface KnownFailure {
  /** The names of the cases; `*` is a part of a name, `**` any number of them. */
  readonly pattern: string;
  readonly reason: string;
}

/**
 * Reads a list of such cases: patterns, one a line, each below a comment with its reason. Throws for a pattern without
 * a reason.
 */
export function readKnownFailures(url: URL): readonly KnownFailure[] {
  const found: KnownFailure[] = [];
  let reason: string[] = [];
  let isOpen = true;
  for (const line of readFileSync(url, "utf8").split("\n")) {
    const text = line.trim();
    if (text.startsWith("#")) {
      if (!isOpen) reason = [];
      isOpen = true;
      reason.push(text.slice(1).trim());
    } else if (text !== "") {
      if (reason.length === 0) throw new Error(`"${text}" needs a comment above it with a reason`);
      found.push({ pattern: text, reason: reason.join(" ") });
      isOpen = false;
    }
  }
  return found;
}
