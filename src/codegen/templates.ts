import type { GeneratedFile, Printable } from "@bufbuild/protoplugin";
import Handlebars from "handlebars";

/** Prints a view, an object as its template wants it, into a generated file. */
export type PrintTemplate = (f: GeneratedFile, view: object) => void;

/** The templates of generated files, by what they generate. */
export type Templates = Readonly<Record<TemplateName, PrintTemplate>>;

/** A template is called `<name>.ts.hbs`. */
export type TemplateName = "http" | "grpc" | "errors" | "config";

// Not a character that a proto, and so a view, can hold.
const mark = "\u0000";

/**
 * Makes templates of their sources in handlebars; each is compiled when it is first used.
 *
 * Handlebars sees text; protoplugin must see symbols, or it cannot write the imports. So `{{code x}}` leaves
 * a numbered mark in the text, and the symbol is printed where the mark stands.
 */
export function createTemplates(sources: Readonly<Record<TemplateName, string>>): Templates {
  return {
    http: createTemplate(sources.http),
    grpc: createTemplate(sources.grpc),
    errors: createTemplate(sources.errors),
    config: createTemplate(sources.config),
  };
}

function createTemplate(source: string): PrintTemplate {
  const render = Handlebars.create().compile(source, {
    noEscape: true,
    strict: true,
    knownHelpersOnly: true,
    knownHelpers: { code: true },
  });
  return (f, view) => {
    const symbols: Printable[] = [];
    const text = render(view, {
      helpers: {
        code(symbol: Printable) {
          return mark + String(symbols.push(symbol) - 1) + mark;
        },
      },
    });
    const parts = text
      .trimEnd()
      .split(mark)
      .map((part, index) => (index % 2 === 0 ? part : symbols[Number(part)]!));
    f.print(...parts);
  };
}
