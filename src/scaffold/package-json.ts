import { z } from "zod";
import { CliError } from "../cli-error.ts";

/** The parts of a package.json that scaffolding reads and changes. */
export interface PackageJson {
  name?: string;
  dependencies?: Record<string, string>;
  devDependencies?: Record<string, string>;
  [key: string]: unknown;
}

const packageJson = z.looseObject({
  name: z.string().optional(),
  dependencies: z.record(z.string(), z.string()).optional(),
  devDependencies: z.record(z.string(), z.string()).optional(),
});

/** Throws TEMPLATE_INVALID, naming `path`, for what npm would not take either. */
export function parsePackageJson(text: string, path: string): PackageJson {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new CliError("TEMPLATE_INVALID", `"${path}" is not valid JSON: ${reason}`, { cause });
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new CliError("TEMPLATE_INVALID", `"${path}" does not hold an object`);
  }
  const result = packageJson.safeParse(value);
  if (!result.success) {
    throw new CliError("TEMPLATE_INVALID", `"${path}" is not a package.json`, {
      details: z.prettifyError(result.error),
    });
  }
  return { ...value };
}

/** Prints as npm does, with the indentation that `like` has. */
export function printPackageJson(value: PackageJson, like: string): string {
  const indent = /^[ \t]+(?=")/m.exec(like)?.[0] ?? "  ";
  return `${JSON.stringify(value, null, indent)}\n`;
}

/**
 * The project's own package.json: its name, and the specs under which it gets the runtime (needed to run)
 * and the CLI (needed to develop).
 */
export function fillPackageJson(
  text: string,
  name: string,
  specs: Readonly<Record<string, string>>,
): string {
  const manifest = parsePackageJson(text, "package.json");
  manifest.name = name;
  for (const [dependency, spec] of Object.entries(specs)) {
    const development = dependency === "kratos-ts";
    const section = development ? "devDependencies" : "dependencies";
    manifest[section] = sortKeys({ ...manifest[section], [dependency]: spec });
  }
  return printPackageJson(manifest, text);
}

/** npm keeps dependencies in this order, so the first `npm install` changes nothing. */
export function sortKeys(record: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(record).sort(([a], [b]) => a.localeCompare(b, "en")));
}
