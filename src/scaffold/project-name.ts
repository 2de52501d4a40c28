import { builtinModules } from "node:module";
import { CliError } from "../cli-error.ts";

const maxLength = 214;

/** Names that npm or the packages inside the project would stumble over. */
const reserved = new Set(["node_modules", "favicon.ico", "kratos-ts", ...builtinModules]);

/** Names of devices, which no folder may have on Windows. */
const device = /^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/;

/** Throws INVALID_NAME, with all reasons at once, unless npm and every file system take `name`. */
export function checkProjectName(name: string): void {
  const problems: string[] = [];
  if (name === "") problems.push("it is empty");
  if (name !== name.toLowerCase()) problems.push("it has capital letters");
  if (/^[._-]/.test(name)) problems.push(`it starts with "${name[0]}"`);
  if (/[^.]\.$/.test(name)) problems.push('it ends with "."');
  if (name.length > maxLength) problems.push(`it has more than ${maxLength} characters`);
  if (reserved.has(name) || device.test(name)) problems.push("the name is taken");
  const strange = new Set(name.toLowerCase().match(/[^a-z0-9._-]/gu));
  if (strange.size > 0) {
    problems.push(`it holds ${[...strange].map((c) => JSON.stringify(c)).join(", ")}`);
  }
  if (problems.length === 0) return;
  const better = suggestName(name);
  throw new CliError("INVALID_NAME", `"${name}" cannot name a project: ${problems.join(", ")}`, {
    hint:
      better === ""
        ? "use lower-case letters, digits and -, such as order-service"
        : `try "${better}": lower-case letters, digits and -`,
  });
}

function suggestName(name: string): string {
  const words = name
    .replace(/([a-z0-9])([A-Z])/g, "$1-$2")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "")
    .slice(0, maxLength);
  return reserved.has(words) || device.test(words) ? `${words}-service` : words;
}

/**
 * `name` as Kubernetes, Compose and DNS take it: at most 63 of a-z, 0-9 and -, beginning with a letter.
 * Most project names are that already.
 */
export function toDnsLabel(name: string): string {
  const label = name.replace(/[^a-z0-9-]+/g, "-");
  return (/^[a-z]/.test(label) ? label : `svc-${label}`).slice(0, 63).replace(/-+$/, "");
}
