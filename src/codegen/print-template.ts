import type { GeneratedFile, Printable } from "@bufbuild/protoplugin";
import Handlebars from "handlebars";

// Not a character that a proto, and so a view, can hold.
const mark = "\u0000";

/**
 * Renders the handlebars template `source` into `f`.
 *
 * Handlebars sees text; protoplugin must see symbols, or it cannot write the imports. So `{{code x}}` leaves
 * a numbered mark in the text, and the symbol is printed where the mark stands.
 */
export function printTemplate(f: GeneratedFile, source: string, view: object): void {
  const symbols: Printable[] = [];
  const render = Handlebars.create().compile(source, {
    noEscape: true,
    strict: true,
    knownHelpersOnly: true,
    knownHelpers: { code: true },
  });
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
}
