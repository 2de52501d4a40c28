import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { z } from "zod";

/** What a project chooses for `buf lint` or `buf breaking`, as buf.yaml (v2) has it. */
export type BufRuleSet = Readonly<Record<string, unknown>>;

/** The rules of a project, for all modules and for single ones. Paths in them are relative to the root. */
export interface BufRules {
  readonly lint: BufRuleSet | undefined;
  readonly breaking: BufRuleSet | undefined;
  readonly modules: readonly {
    readonly path: string;
    readonly lint: BufRuleSet | undefined;
    readonly breaking: BufRuleSet | undefined;
  }[];
}

const ruleSet = z.record(z.string(), z.unknown()).nullish();
const schema = z.object({
  version: z.string().nullish(),
  lint: ruleSet,
  breaking: ruleSet,
  modules: z
    .array(z.object({ path: z.string().default("."), lint: ruleSet, breaking: ruleSet }))
    .nullish(),
});

/** Reads the rules of the `buf.yaml` at `root`; undefined when there is none, or it has no form that we know. */
export function readBufRules(root: string): BufRules | undefined {
  const path = join(root, "buf.yaml");
  if (!existsSync(path)) return undefined;
  const parsed = schema.safeParse(parse(readFileSync(path, "utf8")));
  if (!parsed.success) return undefined;
  const { version, lint, breaking, modules } = parsed.data;
  const read = version === "v2" ? (rules: BufRuleSet) => rules : fromVersion1;
  return {
    lint: lint ? read(lint) : undefined,
    breaking: breaking ? read(breaking) : undefined,
    modules: (modules ?? []).map((module) => ({
      path: module.path,
      lint: module.lint ?? undefined,
      breaking: module.breaking ?? undefined,
    })),
  };
}

/** Puts the folders that rules name below `prefix`, which is where the root lies now. */
export function moveRules(rules: BufRuleSet, prefix: string): BufRuleSet {
  const move = (path: unknown): unknown => (prefix === "." ? path : `${prefix}/${String(path)}`);
  const moveAll = (paths: unknown): unknown => (Array.isArray(paths) ? paths.map(move) : paths);
  const { ignore, ignore_only: only, ...rest } = rules;
  return {
    ...rest,
    ...(ignore === undefined ? {} : { ignore: moveAll(ignore) }),
    ...(typeof only === "object" && only !== null
      ? {
          ignore_only: Object.fromEntries(
            Object.entries(only).map(([name, paths]) => [name, moveAll(paths)]),
          ),
        }
      : {}),
  };
}

/** What has no meaning in version 2 goes; the category that got another name keeps its rules. */
function fromVersion1({ allow_comment_ignores: _comments, ...rules }: BufRuleSet): BufRuleSet {
  const rename = (names: unknown): unknown =>
    Array.isArray(names) ? names.map((name) => (name === "DEFAULT" ? "STANDARD" : name)) : names;
  return {
    ...rules,
    ...("use" in rules ? { use: rename(rules["use"]) } : {}),
    ...("except" in rules ? { except: rename(rules["except"]) } : {}),
  };
}
