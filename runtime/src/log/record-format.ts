import { errorEntries, quote, toJsonText } from "./json-text.ts";
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
 * The text of bindings is made once, with the first record of their logger.
 */
export function createJsonFormat(): RecordFormat {
  const boundTexts = new WeakMap<LogFields, string>();
  let lastTime = Number.NaN;
  let lastTimeText = "";
  return ({ level, time, message, bindings, fields }) => {
    if (time.getTime() !== lastTime) {
      lastTime = time.getTime();
      lastTimeText = time.toISOString();
    }
    let text = `{"level":"${level}","time":"${lastTimeText}"`;
    const names = Object.keys(fields);
    if (names.some((name) => Object.hasOwn(bindings, name))) {
      text += members({ ...bindings, ...fields });
    } else {
      let boundText = boundTexts.get(bindings);
      if (boundText === undefined) {
        boundText = members(bindings);
        boundTexts.set(bindings, boundText);
      }
      text += boundText;
      for (const name of names) text += member(name, fields[name]);
    }
    if (message !== undefined) text += `,"msg":${quote(message)}`;
    return `${text}}\n`;
  };
}

function members(fields: LogFields): string {
  return Object.keys(fields).reduce((text, name) => text + member(name, fields[name]), "");
}

function member(name: string, value: unknown): string {
  const text = toJsonText(value);
  if (text === undefined) return "";
  const isTaken = name === "level" || name === "time" || name === "msg";
  return `,${quote(isTaken ? `_${name}` : name)}:${text}`;
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
