import { isInherited } from "./own.ts";

const IDENTIFIER = /^[A-Za-z_$][A-Za-z0-9_$]*$/;

/** Collects the lines of a function and the values it refers to, then makes the function. */
export class Source {
  private readonly lines: string[] = [];
  private readonly names = new Map<unknown, string>();

  /** Adds lines. */
  add(...lines: string[]): void {
    this.lines.push(...lines);
  }

  /** The name under which the function knows a value from outside. */
  use(value: unknown): string {
    let name = this.names.get(value);
    if (name === undefined) {
      name = `$${this.names.size}`;
      this.names.set(value, name);
    }
    return name;
  }

  /** Makes `function (parameters) { lines }`. Throws where code must not be made from strings. */
  build<F>(parameters: string): F {
    const body = `"use strict";\nreturn function (${parameters}) {\n${this.lines.join("\n")}\n};`;
    // Everything in the text is written here or quoted by JSON.stringify; values come as arguments.
    const make = new Function(...this.names.values(), body) as (...values: unknown[]) => F;
    return make(...this.names.keys());
  }
}

/** Reports whether functions may be made from strings (`--disallow-code-generation-from-strings`). */
export function canCompile(): boolean {
  try {
    return new Function("return true")() === true;
  } catch {
    return false;
  }
}

/** An expression for an own member of an object; undefined where there is none. */
export function memberOf(object: string, name: string): string {
  const member = memberPath(object, name);
  if (!isInherited(name)) return member;
  return `(Object.hasOwn(${object}, ${JSON.stringify(name)}) ? ${member} : undefined)`;
}

/** What may stand left of an assignment to a member. */
export function memberPath(object: string, name: string): string {
  return IDENTIFIER.test(name) ? `${object}.${name}` : `${object}[${JSON.stringify(name)}]`;
}
