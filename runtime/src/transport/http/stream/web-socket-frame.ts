import { toErrorText } from "../../../errors/error-text.ts";
import { KratosError } from "../../../errors/kratos-error.ts";
import { parseStatusJson, toStatusJson } from "../../../errors/status-json.ts";
import { toWireError } from "../../../errors/wire-error.ts";

/** What begins texts that are no messages, as Kratos has it. */
const mark = "\u001e";

/** The client sends no more messages. */
export const endFrame: string = `${mark}end`;

const errorPrefix = `${mark}error:`;

/** A text frame that is no message. */
export type ControlFrame =
  { readonly kind: "end" } | { readonly kind: "error"; readonly text: string };

/** What a text frame says beside messages; undefined for a message. */
export function findControlFrame(text: string): ControlFrame | undefined {
  if (!text.startsWith(mark)) return undefined;
  if (text === endFrame) return { kind: "end" };
  if (text.startsWith(errorPrefix)) return { kind: "error", text: text.slice(errorPrefix.length) };
  return undefined;
}

/**
 * The frame that tells of an error: on the first line the text that Kratos sends and shows, on the second the
 * whole error as in the body of an HTTP response. What caused it stays here.
 */
export function writeErrorFrame(error: KratosError): string {
  return `${errorPrefix}${errorLine(error)}\n${toStatusJson(error)}`;
}

/** Reads the text of an error frame; never fails. Of what Kratos for Go sends, the text form is read. */
export function parseErrorText(text: string): KratosError {
  const end = text.lastIndexOf("\n");
  if (end >= 0) {
    const error = parseStatusJson(text.slice(end + 1));
    if (error.cause === undefined) return error;
  }
  const fields =
    /^error: code = (\d+) reason = (.*?) message = (.*) metadata = map\[(.*)\] cause = .*$/s.exec(
      text,
    );
  if (fields === null) return new KratosError(500, "", text);
  const [, code, reason = "", message = "", metadata = ""] = fields;
  return new KratosError(Number(code), reason, message, { metadata: parseMap(metadata) });
}

/** What fits into the close frame, which holds 125 bytes, of an error's text. */
export function closeReason(error: KratosError): string {
  return cutText(errorLine(error), maxReasonBytes);
}

const maxReasonBytes = 123;

function errorLine(error: KratosError): string {
  const { code, reason, message, metadata } = toWireError(error);
  return toErrorText(new KratosError(code, reason, message, { metadata })).replaceAll("\n", " ");
}

function cutText(text: string, limit: number): string {
  const bytes = new TextEncoder().encode(text);
  if (bytes.length <= limit) return text;
  let end = limit;
  while (((bytes[end] as number) & 0xc0) === 0x80) end--; // not inside a character
  return new TextDecoder().decode(bytes.subarray(0, end));
}

/** `a:1 b:2`, as far as it can be told apart: a word with a colon begins an entry. */
function parseMap(text: string): Record<string, string> {
  const entries: [string, string][] = [];
  for (const word of text === "" ? [] : text.split(" ")) {
    const colon = word.indexOf(":");
    const last = entries.at(-1);
    if (colon > 0) entries.push([word.slice(0, colon), word.slice(colon + 1)]);
    else if (last !== undefined) last[1] += ` ${word}`;
  }
  return Object.fromEntries(entries);
}
