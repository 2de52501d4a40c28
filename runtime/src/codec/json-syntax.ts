import { CodecError } from "./codec-error.ts";

/**
 * Parses JSON. Malformed text is a {@link CodecError} that names line and column, counted from 1:
 * `invalid JSON at line 2, column 7: expected a value, got "}"`.
 * Of duplicate keys the last one wins, as in `JSON.parse`.
 */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw syntaxError(text, cause);
  }
}

// V8 tells the position in some versions and for some texts only, so it is searched for here.
function syntaxError(text: string, cause: unknown): CodecError {
  const { offset, expected } = findFault(text);
  const before = text.slice(0, offset);
  const line = before.split("\n").length;
  const column = offset - before.lastIndexOf("\n");
  const found =
    offset >= text.length
      ? "the end of the text"
      : JSON.stringify(String.fromCodePoint(text.codePointAt(offset) ?? 0));
  return new CodecError(
    `invalid JSON at line ${line}, column ${column}: expected ${expected}, got ${found}`,
    "",
    { cause },
  );
}

interface Fault {
  readonly offset: number;
  readonly expected: string;
}

const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/;
const NUMBER_START = /-?[0-9]*(?:\.[0-9]*)?(?:[eE][+-]?)?/;
// eslint-disable-next-line no-control-regex -- control characters are what may not stand in a JSON string
const STRING_PART = /(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*/;

/** Walks the grammar with an explicit stack, so that deep nesting cannot overflow. */
function findFault(text: string): Fault {
  const tokens = new Tokens(text);
  const open: ("[" | "{")[] = [];
  let offset = 0;
  let expected: "value" | "value or ]" | "key" | "key or }" | "after" = "value";
  for (;;) {
    offset = skipSpace(text, offset);
    const char = text[offset];
    if (expected === "after") {
      const inside = open.at(-1);
      if (inside === undefined) return { offset, expected: "the end of the text" };
      if (char === ",") {
        expected = inside === "[" ? "value" : "key";
        offset++;
      } else if (char === (inside === "[" ? "]" : "}")) {
        open.pop();
        offset++;
      } else {
        return { offset, expected: inside === "[" ? '"," or "]"' : '"," or "}"' };
      }
    } else if (expected === "key" || expected === "key or }") {
      if (char === "}" && expected === "key or }") {
        open.pop();
        offset++;
        expected = "after";
        continue;
      }
      if (char !== '"') {
        return { offset, expected: expected === "key" ? "a key in double quotes" : 'a key or "}"' };
      }
      const end = tokens.stringEnd(offset);
      if (typeof end !== "number") return end;
      offset = skipSpace(text, end);
      if (text[offset] !== ":") return { offset, expected: '":"' };
      offset++;
      expected = "value";
    } else if (char === "[" || char === "{") {
      open.push(char);
      offset++;
      expected = char === "[" ? "value or ]" : "key or }";
    } else if (char === "]" && expected === "value or ]") {
      open.pop();
      offset++;
      expected = "after";
    } else {
      const end = char === '"' ? tokens.stringEnd(offset) : tokens.literalEnd(offset);
      if (typeof end !== "number") return end;
      offset = end;
      expected = "after";
    }
  }
}

function skipSpace(text: string, start: number): number {
  let offset = start;
  for (;;) {
    const code = text.charCodeAt(offset);
    if (code !== 32 && code !== 10 && code !== 13 && code !== 9) return offset;
    offset++;
  }
}

/** Finds the ends of strings and literals, with patterns made once for each text. */
class Tokens {
  private readonly text: string;
  private readonly number = new RegExp(NUMBER, "y");
  private readonly stringPart = new RegExp(STRING_PART, "y");

  constructor(text: string) {
    this.text = text;
  }

  stringEnd(start: number): number | Fault {
    const { text } = this;
    const end = match(this.stringPart, text, start + 1);
    if (text[end] === '"') return end + 1;
    if (text[end] === "\\") return { offset: end, expected: "a valid escape sequence" };
    return {
      offset: end,
      expected: end < text.length ? "no control character" : 'a closing "\\""',
    };
  }

  literalEnd(start: number): number | Fault {
    const { text } = this;
    for (const word of ["true", "false", "null"]) {
      if (text.startsWith(word, start)) return start + word.length;
    }
    const end = match(this.number, text, start);
    if (end > start) return end;
    if (text[start] !== "-") return { offset: start, expected: "a value" };
    return { offset: match(new RegExp(NUMBER_START, "y"), text, start), expected: "a digit" };
  }
}

function match(sticky: RegExp, text: string, offset: number): number {
  sticky.lastIndex = offset;
  return sticky.test(text) ? sticky.lastIndex : offset;
}
