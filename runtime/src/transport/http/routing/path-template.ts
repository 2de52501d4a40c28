/**
 * The path templates of `google/api/http.proto`: their grammar, for the generator, the server's router and
 * the clients alike. Loads in a browser.
 */
export { expandPath, PathValueError } from "./expand-path.ts";
export { findTemplateConflicts, toNormalForm } from "./template-conflict.ts";
export type { TemplateConflict, TemplateUse } from "./template-conflict.ts";

/** One part of a path template that stands for whole path segments. */
export type PathPattern =
  | { readonly kind: "literal"; /** As written, percent escapes included. */ readonly text: string }
  | { readonly kind: "wildcard" }
  | { readonly kind: "deep-wildcard" };

/** A field of the request that is bound to a part of the path. */
export interface PathVariable {
  readonly kind: "variable";
  /** Proto names, outermost first: `["sub", "id"]` for `{sub.id}`. */
  readonly fieldPath: readonly string[];
  /** What its text must look like; `{id}` has one wildcard. */
  readonly pattern: readonly PathPattern[];
}

/** One piece of a path template, between two slashes unless it is a variable over several. */
export type PathSegment = PathPattern | PathVariable;

/** A parsed path template, such as `/v1/{name=shelves/*}:read`. */
export interface PathTemplate {
  /** Empty for `/`. */
  readonly segments: readonly PathSegment[];
  /** What follows the colon, as written. */
  readonly verb: string | undefined;
}

/** A path template is wrong. */
export class PathTemplateError extends Error {
  override readonly name = "PathTemplateError";
  readonly template: string;
  /** Of the offending character, in UTF-16 units from the start of the template. */
  readonly offset: number;
  readonly reason: string;
  /** What to write instead, where that can be told. */
  readonly hint: string | undefined;

  constructor(template: string, offset: number, reason: string, hint?: string) {
    const advice = hint === undefined ? "" : `, ${hint}`;
    super(`invalid path template "${template}" at offset ${offset}: ${reason}${advice}`);
    this.template = template;
    this.offset = offset;
    this.reason = reason;
    this.hint = hint;
  }
}

/**
 * Parses a path template, as `google/api/http.proto` defines it:
 *
 *     Template  = "/" [ Segments [ ":" LITERAL ] ]
 *     Segments  = Segment { "/" Segment }
 *     Segment   = "*" | "**" | LITERAL | Variable
 *     Variable  = "{" FieldPath [ "=" Segments ] "}"
 *     FieldPath = IDENT { "." IDENT }
 *
 * Variables do not nest and none comes twice, `**` comes last, and a literal holds only characters that a
 * URL's path may hold as they are, or percent escapes. Throws {@link PathTemplateError}.
 */
export function parsePathTemplate(text: string): PathTemplate {
  const parser = new Parser(text);
  return parser.parseTemplate();
}

/** Writes a template as {@link parsePathTemplate} reads it; `{id=*}` comes out as `{id}`. */
export function printPathTemplate(template: PathTemplate): string {
  const verb = template.verb === undefined ? "" : `:${template.verb}`;
  return `/${template.segments.map(printSegment).join("/")}${verb}`;
}

/** The variables of a template, in order. */
export function pathVariables(template: PathTemplate): readonly PathVariable[] {
  return template.segments.filter((segment) => segment.kind === "variable");
}

/**
 * Whether a variable stands for exactly one segment, whose text is then decoded as a whole; in all others
 * `%2F` stays as it is, since a slash there separates segments.
 */
export function isSingleSegment(variable: PathVariable): boolean {
  return variable.pattern.length === 1 && variable.pattern[0]?.kind !== "deep-wildcard";
}

function printSegment(segment: PathSegment): string {
  switch (segment.kind) {
    case "literal":
      return segment.text;
    case "wildcard":
      return "*";
    case "deep-wildcard":
      return "**";
    case "variable": {
      const name = segment.fieldPath.join(".");
      const pattern = segment.pattern.map(printSegment).join("/");
      return pattern === "*" ? `{${name}}` : `{${name}=${pattern}}`;
    }
  }
}

class Parser {
  readonly #text: string;
  #offset = 0;
  #endsDeep = false;
  readonly #names = new Set<string>();

  constructor(text: string) {
    this.#text = text;
  }

  parseTemplate(): PathTemplate {
    if (this.#text === "") this.#fail('the template is empty, write "/" for the root');
    if (!this.#accept("/")) this.#fail('expected "/" at the start', `write "/${this.#text}"`);
    if (this.#atEnd()) return { segments: [], verb: undefined };

    const segments: PathSegment[] = [];
    do segments.push(this.#parseSegment());
    while (this.#accept("/"));

    let verb: string | undefined;
    if (this.#accept(":")) {
      verb = this.#takeLiteral();
      if (verb === "") this.#fail("expected a verb after the colon");
    }
    if (!this.#atEnd()) this.#failAfterVerb();
    return { segments, verb };
  }

  #parseSegment(): PathSegment {
    if (!this.#accept("{")) return this.#parsePattern(false);
    this.#refuseAfterDeepWildcard(this.#offset - 1);

    const start = this.#offset;
    const fieldPath = [this.#takeName()];
    while (this.#accept(".")) fieldPath.push(this.#takeName());
    const name = fieldPath.join(".");
    if (this.#names.has(name)) {
      this.#offset = start;
      this.#fail(`variable "${name}" comes twice`, "give each field one place in the path");
    }
    this.#names.add(name);

    const pattern: PathPattern[] = [];
    if (this.#accept("=")) {
      do {
        if (this.#peek() === "{") this.#fail("a variable cannot hold another variable");
        pattern.push(this.#parsePattern(true));
      } while (this.#accept("/"));
    } else {
      pattern.push({ kind: "wildcard" });
    }
    if (!this.#accept("}")) this.#fail(`expected "}" at the end of variable "${name}"`);
    this.#expectEndOfSegment();
    return { kind: "variable", fieldPath, pattern };
  }

  #parsePattern(insideVariable: boolean): PathPattern {
    this.#refuseAfterDeepWildcard(this.#offset);
    if (this.#accept("**")) {
      this.#endsDeep = true;
      this.#expectEndOfSegment();
      return { kind: "deep-wildcard" };
    }
    if (this.#accept("*")) {
      this.#expectEndOfSegment();
      return { kind: "wildcard" };
    }
    const start = this.#offset;
    const text = this.#takeLiteral();
    if (text === "") this.#failEmptySegment(insideVariable);
    if (text === "." || text === "..") {
      this.#offset = start;
      this.#fail(`segment "${text}" never reaches a server, clients resolve it first`);
    }
    this.#expectEndOfSegment();
    return { kind: "literal", text };
  }

  #takeName(): string {
    const name = /^[A-Za-z_]\w*/.exec(this.#text.slice(this.#offset))?.[0];
    if (name === undefined) this.#fail("expected the name of a field", 'such as "{id}"');
    this.#offset += name.length;
    return name;
  }

  /** Takes the characters that RFC 3986 allows in a path segment, but for `:` and `*`, which mean something here. */
  #takeLiteral(): string {
    const start = this.#offset;
    this.#offset += /^(?:[\w\-.~!$&'()+,;=@]|%[\dA-Fa-f]{2})*/.exec(
      this.#text.slice(start),
    )![0].length;
    const text = this.#text.slice(start, this.#offset);
    const next = this.#peek();
    if (next === "%") this.#fail('malformed percent escape, write "%25" for a percent sign');
    if (next !== "" && !"/:{}*".includes(next)) {
      const char = String.fromCodePoint(this.#text.codePointAt(this.#offset)!);
      this.#fail(`"${char}" cannot stand in a path`, `write "${escape(char)}"`);
    }
    try {
      decodeURIComponent(text);
    } catch {
      this.#offset = start;
      this.#fail(`the percent escapes of "${text}" are not UTF-8`);
    }
    return text;
  }

  #expectEndOfSegment(): void {
    switch (this.#peek()) {
      case "{":
        return this.#fail(
          "a variable must be a whole segment",
          'put it between slashes, as in "/a/{id}"',
        );
      case "*":
        return this.#fail("a wildcard must be a whole segment");
      case "":
      case "/":
      case ":":
      case "}":
        return;
      default:
        return this.#fail("a variable or wildcard must be a whole segment");
    }
  }

  #refuseAfterDeepWildcard(offset: number): void {
    if (!this.#endsDeep) return;
    this.#offset = offset;
    this.#fail('"**" must be the last segment', 'only a verb such as ":read" may follow it');
  }

  #failEmptySegment(insideVariable: boolean): never {
    const next = this.#peek();
    if (next === "/") this.#fail("empty segment", 'write one "/" between segments');
    if (insideVariable) this.#fail("expected a segment in the variable's pattern");
    if (next === ":") this.#fail("a verb needs a segment before it");
    if (next === "") {
      this.#offset--;
      this.#fail("a template cannot end in a slash", `write "${this.#text.slice(0, -1)}"`);
    }
    this.#fail("expected a segment");
  }

  #failAfterVerb(): never {
    const escapeColon = 'write "%3A" for a colon that is part of a segment';
    switch (this.#peek()) {
      case ":":
        return this.#fail("a second colon is ambiguous", escapeColon);
      case "/":
        return this.#fail("a verb must come last", escapeColon);
      default:
        return this.#fail(`unexpected "${this.#peek()}"`);
    }
  }

  #peek(): string {
    return this.#text.charAt(this.#offset);
  }

  #atEnd(): boolean {
    return this.#offset === this.#text.length;
  }

  #accept(token: string): boolean {
    if (!this.#text.startsWith(token, this.#offset)) return false;
    this.#offset += token.length;
    return true;
  }

  #fail(reason: string, hint?: string): never {
    throw new PathTemplateError(this.#text, this.#offset, reason, hint);
  }
}

function escape(char: string): string {
  return /\p{Surrogate}/u.test(char) ? "%EF%BF%BD" : encodeURIComponent(char);
}
