import { isAbsolute } from "node:path";
import { toDnsLabel } from "./project-name.ts";
import type { TemplateFile } from "./template-file.ts";

/** npm leaves these out of packages, so a bundled template carries them under other names. */
const dotted = new Map([
  ["_gitignore", ".gitignore"],
  ["_npmrc", ".npmrc"],
  ["_dockerignore", ".dockerignore"],
]);

/**
 * Gives a template's files the project's name: wherever `templateName` stands as a word of its own, in
 * paths and in text, and `cmd/server`, which Kratos's layouts call their program.
 */
export function renameTemplate(
  files: readonly TemplateFile[],
  templateName: string,
  projectName: string,
): TemplateFile[] {
  const word = new RegExp(`(?<![A-Za-z0-9_])${escape(templateName)}(?![A-Za-z0-9_])`, "g");
  const program = /(?<![\w-])cmd\/server(?![\w-])/g;
  const label = toDnsLabel(projectName);

  return files.map((file) => {
    const path = rename(file.path, projectName).split("/");
    const base = path.pop() ?? "";
    path.push(dotted.get(base) ?? base);
    const renamed = {
      ...file,
      path: path.join("/"),
      ...(file.link === undefined || isAbsolute(file.link)
        ? {}
        : { link: rename(file.link, projectName) }),
    };
    if (typeof file.content !== "string") return renamed;
    // What YAML names goes to Kubernetes, Compose and CI, which take DNS labels only.
    const name = /\.ya?ml$/.test(base) ? label : projectName;
    return { ...renamed, content: rename(file.content, name) };
  });

  function rename(text: string, name: string): string {
    // Functions, since `$` has a meaning in replacement strings.
    return text.replace(program, () => `cmd/${projectName}`).replace(word, () => name);
  }
}

function escape(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
