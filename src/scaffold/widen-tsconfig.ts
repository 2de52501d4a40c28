/** Makes the `include` of a tsconfig.json's text take in `folders` too, by insertion only. */
export function widenTsconfig(text: string, folders: readonly string[]): WidenedTsconfig {
  const list = /"include"\s*:\s*\[([^\]]*)\]/.exec(text);
  // Without a list of files, and without one that it inherits, a project is all that lies below it.
  if (list === null) {
    return { text, missing: /"(include|files|extends)"\s*:/.test(text) ? folders : [] };
  }
  const [whole, body = ""] = list;
  const patterns = [...body.matchAll(/"([^"]*)"/g)].map(([, pattern = ""]) => pattern);
  const wanted = folders.filter((folder) => !patterns.some((pattern) => covers(pattern, folder)));
  const last = [...body.matchAll(/"[^"]*"/g)].at(-1);
  if (wanted.length === 0) return { text, missing: [] };
  if (last === undefined) return { text, missing: wanted };
  const separator = /\n[ \t]*(?="[^"]*"[^"]*$)/.exec(body)?.[0] ?? " ";
  const at = list.index + whole.length - 1 - body.length + last.index + last[0].length;
  const inserted = wanted.map((folder) => `,${separator}"${folder}"`).join("");
  return { text: text.slice(0, at) + inserted + text.slice(at), missing: [] };
}

/** What {@link widenTsconfig} could do. */
export interface WidenedTsconfig {
  readonly text: string;
  /** Folders that found no place, since the file is written in a way that is not understood. */
  readonly missing: readonly string[];
}

function covers(pattern: string, folder: string): boolean {
  const prefix = pattern.replace(/^\.\//, "").replace(/\/?(\*\*.*)?$/, "");
  return prefix === "" || folder === prefix || folder.startsWith(`${prefix}/`);
}
