import { statSync } from "node:fs";
import { join, resolve } from "node:path";
import { z } from "zod";
import { CliError } from "../cli-error.ts";
import { type FileProblem, quote, toConfigError } from "./file-problem.ts";
import { readSetupFile } from "./read-setup-file.ts";
import { describeIssues } from "./schema-problems.ts";
import { parseYaml, type YamlDocument } from "./yaml-document.ts";

/** What a project chooses in its `kratos.yaml`, complete: what is not said has its default. */
export interface KratosConfig {
  readonly proto: {
    /** Further folders that imports are relative to, absolute. Default: none. */
    readonly importRoots: readonly string[];
  };
  readonly http: {
    /** Serve methods without a rule at `POST /<package>.<Service>/<Method>`. Default: false. */
    readonly unboundMethods: boolean;
    /** Accept `body` on GET, HEAD and DELETE. Default: false. */
    readonly allowGetBody: boolean;
  };
}

const fileName = "kratos.yaml";

const mapping = "a mapping of keys to values";
const flag = z.boolean("true or false").optional();
const folders = z.array(z.string("a folder").min(1, "a folder"), "a list of folders").optional();

/** The keys of `kratos.yaml`, which docs/kratos-yaml.md explains. Messages say what a value must be. */
export const kratosYamlSchema: z.ZodType<KratosYaml> = z
  .strictObject(
    {
      // A section whose keys are all commented out is null.
      proto: z.strictObject({ importRoots: folders }, mapping).nullish(),
      http: z.strictObject({ unboundMethods: flag, allowGetBody: flag }, mapping).nullish(),
    },
    mapping,
  )
  .nullable();

/** The file as it may be written. */
type KratosYaml =
  | {
      readonly [Section in keyof KratosConfig]?:
        | { readonly [Key in keyof KratosConfig[Section]]?: KratosConfig[Section][Key] | undefined }
        | null
        | undefined;
    }
  | null;

/**
 * Reads the `kratos.yaml` in the project's root; all defaults where there is none. It holds every choice that
 * changes what is generated, so that all commands generate the same.
 *
 * @throws CliError CONFIG_INVALID with all problems, each at its line and column
 */
export function readKratosYaml(root: string): KratosConfig {
  const path = join(root, fileName);
  const text = readSetupFile(path);
  if (text === undefined) return complete(root, null);
  // Comments alone are a file in which nothing is chosen; nothing at all is one that got lost.
  if (text.trim() === "") {
    throw new CliError("CONFIG_INVALID", `"${path}" is empty`, {
      hint: "write down what you choose, or remove it",
    });
  }
  const parsed = parseYaml(text);
  if (!parsed.ok) throw toConfigError(path, parsed.problems);
  const { document } = parsed;
  const result = kratosYamlSchema.safeParse(document.value);
  if (!result.success) {
    throw toConfigError(path, describeIssues(result.error.issues, kratosYamlSchema, document));
  }
  const problems = findMissingFolders(root, result.data, document);
  if (problems.length > 0) throw toConfigError(path, problems);
  return complete(root, result.data);
}

function complete(root: string, config: KratosYaml): KratosConfig {
  return {
    proto: {
      importRoots: (config?.proto?.importRoots ?? []).map((folder) => resolve(root, folder)),
    },
    http: {
      unboundMethods: config?.http?.unboundMethods ?? false,
      allowGetBody: config?.http?.allowGetBody ?? false,
    },
  };
}

function findMissingFolders(
  root: string,
  config: KratosYaml,
  document: YamlDocument,
): FileProblem[] {
  return (config?.proto?.importRoots ?? []).flatMap((folder, index) => {
    if (isFolder(resolve(root, folder))) return [];
    const message = `"proto.importRoots[${index}]" must be a folder, by its path from the project's: there is none at ${quote(folder)}`;
    return [document.problemAt(["proto", "importRoots", index], message)];
  });
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false; // also a path that no folder can have
  }
}
