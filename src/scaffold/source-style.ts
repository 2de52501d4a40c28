import type { TypescriptSource } from "./typescript-source.ts";

/** How a file of the user's is written, as prettier's options. */
export interface SourceStyle {
  readonly singleQuote: boolean;
  readonly semi: boolean;
  readonly useTabs: boolean;
  readonly tabWidth: number;
  readonly endOfLine: "lf";
}

/** What a file's own imports and lines show; `undefined` where they show nothing. */
export function readStyle({ program, original }: TypescriptSource): Partial<SourceStyle> {
  const first = program.body.find((statement) => statement.type === "ImportDeclaration");
  // A line of a doc comment begins with one blank more than its declaration.
  const indent = /^([ \t]+)(?=[^\s*/])/m.exec(original)?.[1];
  return {
    ...(first !== undefined && {
      singleQuote: original[first.source.start] === "'",
      semi: original[first.end - 1] === ";",
    }),
    ...(indent !== undefined &&
      (indent.startsWith("\t") ? { useTabs: true } : { useTabs: false, tabWidth: indent.length })),
  };
}

/** Formats TypeScript by the user's own prettier settings, where there are some; `style` goes before them. */
export async function formatTypescript(
  text: string,
  path: string,
  style: Partial<SourceStyle> = {},
): Promise<string> {
  const prettier = await import("prettier");
  const settings = await prettier.resolveConfig(path);
  return prettier.format(text, {
    printWidth: 100,
    ...settings,
    ...style,
    parser: "typescript",
  });
}
