import { existsSync, readFileSync } from "node:fs";
import { isAbsolute, join, resolve } from "node:path";
import { z } from "zod";
import { CliError } from "../cli-error.ts";
import { sortDiagnostics, type Diagnostic } from "../diagnostic.ts";
import { readDeclaredSymbols, type DeclaredSymbols } from "./declared-symbols.ts";
import { explainUnknown } from "./explain-unknown.ts";
import { displayPath, findRoot, isInside, type ProtoWorkspace } from "./workspace.ts";

const annotation = z.object({
  path: z.string().optional(),
  start_line: z.number().default(1),
  start_column: z.number().default(1),
  message: z.string(),
});

const missingImport = "imported file does not exist";
const unknownName = /^cannot find `([^`]+)` in this scope$/;

/**
 * Turns what buf prints with `--error-format json` into diagnostics. `cwd` is where buf ran.
 *
 * @throws CliError CONFIG_INVALID or TOOL_FAILED for problems that have no place in a proto
 */
export function readBufErrors(
  stderr: string,
  workspace: ProtoWorkspace,
  cwd: string,
): Diagnostic[] {
  const lines = stderr.split("\n").filter((line) => line.trim() !== "");
  const annotations = lines.filter((line) => line.startsWith("{")).map(parseAnnotation);
  const other = lines.filter((line) => !line.startsWith("{"));
  if (annotations.length === 0 || annotations.some(({ path }) => path === undefined)) {
    throw toCliError(other.length > 0 ? other : lines, (path) =>
      displayPath(workspace.root, resolve(cwd, path)),
    );
  }
  const byFile = new Map<string, Annotation[]>();
  for (const each of annotations) {
    const file = isAbsolute(each.path ?? "") ? (each.path ?? "") : resolve(cwd, each.path ?? "");
    byFile.set(file, [...(byFile.get(file) ?? []), each]);
  }
  let symbols: DeclaredSymbols | undefined;
  const readSymbols = (): DeclaredSymbols => (symbols ??= readDeclaredSymbols(workspace));
  return sortDiagnostics(
    [...byFile].flatMap(([file, found]) => explainFile(file, found, workspace, readSymbols)),
  );
}

type Annotation = z.infer<typeof annotation>;

function explainFile(
  file: string,
  annotations: readonly Annotation[],
  workspace: ProtoWorkspace,
  readSymbols: () => DeclaredSymbols,
): Diagnostic[] {
  const text = readFileSync(file, "utf8");
  const lacksImport = annotations.some(({ message }) => message === missingImport);
  const told = new Set<string>();
  return annotations.flatMap(({ start_line, start_column, message }): Diagnostic[] => {
    const at = {
      severity: "error",
      file: displayPath(workspace.root, file),
      line: start_line,
      column: start_column,
    } as const;
    if (message === missingImport) {
      const name = readImportName(text, start_line);
      const hint = explainMissingImport(workspace, name);
      return [{ ...at, message: `cannot find import "${name}"`, hint }];
    }
    const diagnostic = { ...at, message: message.replaceAll(/`([^`]*)`/g, '"$1"') };
    const name = unknownName.exec(message)?.[1];
    if (name === undefined) return [diagnostic];
    // What is unknown may be in the import that is missing.
    if (lacksImport) return [];
    const explained = explainUnknown(name, text, readSymbols());
    if (explained.kind === "unknown") return [diagnostic];
    if (explained.kind === "misspelt") {
      return [{ ...diagnostic, hint: `did you mean "${explained.meant}"?` }];
    }
    if (told.has(name)) return [];
    told.add(name);
    return [{ ...diagnostic, hint: `add import "${explained.importPath}";` }];
  });
}

function parseAnnotation(line: string): Annotation {
  return annotation.parse(JSON.parse(line));
}

/** The name in the import statement that starts on `line`; buf's message leaves it out. */
function readImportName(text: string, line: number): string {
  const rest = text.split("\n").slice(line - 1);
  return /["']([^"']*)["']/.exec(rest.join("\n"))?.[1] ?? "";
}

function explainMissingImport(workspace: ProtoWorkspace, name: string): string {
  const roots = workspace.roots.filter(({ kind }) => kind !== "bundled");
  const atRoot = join(workspace.root, name);
  const actual = existsSync(atRoot) ? findRoot(workspace, atRoot) : undefined;
  if (actual !== undefined) {
    const dir = displayPath(workspace.root, actual.root.dir);
    return `imports are relative to "${dir}": write "${actual.importPath}"`;
  }
  const searched = roots.map(({ dir }) => `"${displayPath(workspace.root, dir)}"`).join(", ");
  const partial = workspace.roots.find(
    ({ dir, kind, excludes }) =>
      kind === "bundled" && excludes.some((exclude) => isInside(exclude, join(dir, name))),
  );
  if (partial !== undefined && existsSync(join(partial.dir, name))) {
    return `searched in ${searched}; kratos-ts comes with it, copy "${join(partial.dir, name)}" beside the others of its folder`;
  }
  return `searched in ${searched} and the schemas that come with kratos-ts; put the file below one of these, such as "third_party/${name}", or name its folder with --proto_path`;
}

function toCliError(lines: readonly string[], show: (path: string) => string): CliError {
  const [first = "buf gave no reason", ...rest] = lines.map((line) =>
    line.replace(/^Failure: /, ""),
  );
  const twice = /^(.*) is contained in multiple modules:$/.exec(first)?.[1];
  if (twice !== undefined) {
    const modules = rest
      .flatMap((line) => /path: "(.*)"/.exec(line)?.[1] ?? [])
      .map((path) => `"${show(path)}"`)
      .join(" and ");
    return new CliError("CONFIG_INVALID", `"${twice}" lies in several proto roots: ${modules}`, {
      hint: "keep it in one of them, or exclude it in buf.yaml",
    });
  }
  return new CliError("TOOL_FAILED", "buf could not read the protos", {
    details: [first, ...rest].join("\n"),
  });
}
