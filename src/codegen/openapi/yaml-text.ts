import type { JsonValue } from "./json-object.ts";

/** What YAML 1.1, which many programs still read, takes for something else than text. */
const otherThanText = /^(?:y|n|yes|no|on|off|true|false|null)$/i;

/** Text that stands for itself, whoever reads it. */
const plain = /^[A-Za-z/$(][^\p{Cc}\u2028\u2029\ufeff\ufffe\uffff\p{Cs}]*$/u;
const indicators = /: |:$| #| $/;

/** What a block of lines cannot hold. */
const unprintable = /[^\P{Cc}\n\t]|[\u2028\u2029\ufeff\ufffe\uffff]|\p{Cs}/u;

/** YAML takes longer keys only where it is told that they are some. */
const maxKeyLength = 1000;

/**
 * Prints a value as YAML in blocks. Lines are as long as they are, nothing is aliased, and text is quoted as
 * JSON wherever it could be taken for something else: the bytes follow from the value alone.
 */
export function yamlText(value: JsonValue): string {
  const lines: string[] = [];
  print(value, "", "", lines);
  return `${lines.join("\n")}\n`;
}

/** Prints behind `head`, what the line begins with; what comes below stands at `indent`. */
function print(value: JsonValue, head: string, indent: string, lines: string[]): void {
  if (typeof value !== "object" || value === null) {
    lines.push(`${head}${scalarText(value, indent)}`);
  } else if (Array.isArray(value)) {
    const items = value as readonly JsonValue[];
    if (items.length === 0) lines.push(`${head}[]`);
    else
      printBlock(
        items.map((item) => ["- ", item]),
        head,
        indent,
        lines,
      );
  } else {
    const members = Object.entries(value as Readonly<Record<string, JsonValue>>);
    if (members.length === 0) lines.push(`${head}{}`);
    else
      printBlock(
        members.map(([key, member]) => [keyText(key, indent), member]),
        head,
        indent,
        lines,
      );
  }
}

function printBlock(
  entries: readonly (readonly [start: string, value: JsonValue])[],
  head: string,
  indent: string,
  lines: string[],
): void {
  // A list in a list, or an object in one, begins on the line of its dash.
  let start = head.endsWith("- ") ? head : indent;
  if (start === indent && head !== "") lines.push(head.trimEnd());
  for (const [text, value] of entries) {
    print(value, `${start}${text}`, `${indent}  `, lines);
    start = indent;
  }
}

function keyText(key: string, indent: string): string {
  const text = isPlain(key) ? key : quote(key);
  return text.length > maxKeyLength ? `? ${text}\n${indent}: ` : `${text}: `;
}

function scalarText(value: string | number | boolean | null, indent: string): string {
  if (typeof value !== "string") return String(value);
  if (isPlain(value)) return value;
  const isBlock = value.includes("\n") && !/^[ \t\n]|\n$/.test(value) && !unprintable.test(value);
  if (!isBlock) return quote(value);
  const lines = value.split("\n").map((line) => (line === "" ? "" : `${indent}${line}`));
  return `|-\n${lines.join("\n")}`;
}

function isPlain(text: string): boolean {
  return plain.test(text) && !indicators.test(text) && !otherThanText.test(text);
}

function quote(text: string): string {
  return JSON.stringify(text).replaceAll(
    /[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
