import type { Source } from "./source.ts";

/**
 * Builds statements that append to the variable `text`. Neighbouring parts become one expression,
 * so that fixed text is joined here and not for each message.
 */
export class TextSource {
  private readonly source: Source;
  private fixed = "";
  private parts: string[] = [];

  constructor(source: Source) {
    this.source = source;
  }

  /** Appends fixed text. */
  literal(text: string): void {
    this.fixed += text;
  }

  /** Appends what an expression yields. */
  expression(code: string): void {
    this.settle();
    this.parts.push(code);
  }

  /** Appends an expression's value, between double quotes if so said. */
  value(code: string, quoted: boolean): void {
    if (quoted) this.literal('"');
    this.expression(code);
    if (quoted) this.literal('"');
  }

  /** Ends the statement. Due wherever the flow of control forks or joins. */
  flush(): void {
    this.settle();
    if (this.parts.length > 0) this.source.add(`text += ${this.parts.join(" + ")};`);
    this.parts = [];
  }

  private settle(): void {
    if (this.fixed !== "") this.parts.push(JSON.stringify(this.fixed));
    this.fixed = "";
  }
}
