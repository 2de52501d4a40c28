import { errorEntries, toJsonText } from "./json-text.ts";
import type { LogFields } from "./logger.ts";

/** One record, before it is written. */
export interface LogRecord {
  readonly level: string;
  readonly time: Date;
  readonly message: string | undefined;
  /** What the logger was made with. */
  readonly bindings: LogFields;
  readonly fields: LogFields;
}

/** Turns a record into text that ends with a line feed. */
export type RecordFormat = (record: LogRecord) => string;

/**
 * One line of JSON: `{"level":"info","time":"2024-05-04T12:00:00.000Z",…bindings,…fields,"msg":"…"}`.
 * A field wins over a binding of the same name; fields named `level`, `time` or `msg` get an underscore.
 */
export function formatJson({ level, time, message, bindings, fields }: LogRecord): string {
  let text = `{"level":"${level}","time":"${time.toISOString()}"`;
  for (const key in bindings) if (!Object.hasOwn(fields, key)) text += member(key, bindings[key]);
  for (const key of Object.keys(fields)) text += member(key, fields[key]);
  if (message !== undefined) text += `,"msg":${JSON.stringify(message)}`;
  return `${text}}\n`;
}

function member(key: string, value: unknown): string {
  const text = toJsonText(value);
  if (text === undefined) return "";
  const name = key === "level" || key === "time" || key === "msg" ? `_${key}` : key;
  return `,${JSON.stringify(name)}:${text}`;
}

/** A line for people, and the stacks of errors below it: `12:00:00.000 INFO  order created orderId=7`. */
export function createPrettyFormat(colors: boolean): RecordFormat {
  const paint = (code: number, text: string): string =>
    colors ? `\u001b[${code}m${text}\u001b[39m` : text;
  return ({ level, time, message, bindings, fields }) => {
    let line = `${paint(90, clock(time))} ${paint(levelColors[level] ?? 39, level.toUpperCase().padEnd(5))}`;
    if (message !== undefined) line += ` ${message}`;
    let stacks = "";
    for (const [key, value] of Object.entries({ ...bindings, ...fields })) {
      if (value instanceof Error) stacks += errorLines(value, "  ", new Set());
      else {
        const text = plainText(value);
        if (text !== undefined) line += ` ${paint(90, `${key}=`)}${text}`;
      }
    }
    return `${line}\n${stacks}`;
  };
}

const levelColors: Readonly<Record<string, number>> = {
  trace: 90,
  debug: 36,
  info: 32,
  warn: 33,
  error: 31,
  fatal: 35,
};

// The clock on the wall of the person who reads it.
function clock(time: Date): string {
  const part = (value: number, width = 2): string => String(value).padStart(width, "0");
  return `${part(time.getHours())}:${part(time.getMinutes())}:${part(time.getSeconds())}.${part(time.getMilliseconds(), 3)}`;
}

function plainText(value: unknown): string | undefined {
  return typeof value === "string" && /^[\w./:@+-]+$/.test(value) ? value : toJsonText(value);
}

function errorLines(error: Error, indent: string, seen: Set<unknown>): string {
  seen.add(error);
  const lines = (error.stack ?? `${error.name}: ${error.message}`).split("\n");
  let text = lines.map((line) => `${indent}${line.trim() === "" ? "" : line}\n`).join("");
  for (const [key, value] of errorEntries(error)) {
    if (key === "type" || key === "message" || key === "stack") continue;
    const inner = key === "errors" && Array.isArray(value) ? value : [value];
    for (const part of inner) {
      if (part instanceof Error) {
        text += seen.has(part)
          ? `${indent}${key}: [circular]\n`
          : `${indent}${key}:\n${errorLines(part, `${indent}  `, seen)}`;
      } else {
        const plain = plainText(part);
        if (plain !== undefined) text += `${indent}${key}: ${plain}\n`;
      }
    }
  }
  return text;
}
