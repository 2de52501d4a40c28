import { parsePathTemplate } from "./path-template.ts";

/**
 * Reads the prefix of a server: `/api`, `/api/` and `api` are the same; empty or `/` is none. Throws a
 * `TypeError` for one that holds more than plain steps.
 */
export function compilePrefix(text: string): string {
  const prefix = text.replace(/\/+$/, "").replace(/^(?!\/|$)/, "/");
  if (prefix === "") return "";
  let plain = false;
  try {
    const { segments, verb } = parsePathTemplate(prefix);
    plain = verb === undefined && segments.every(({ kind }) => kind === "literal");
  } catch {
    // told of below
  }
  if (plain) return prefix;
  throw new TypeError(`"${text}" is no prefix for paths, use plain steps, such as "/api/v1"`);
}
