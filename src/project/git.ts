import { execa } from "execa";

/** How to ask git. */
export interface GitQuery {
  /** Where git runs, absolute. */
  readonly cwd: string;
  /** What git reads from its input. Default: nothing. */
  readonly input?: string;
  /** Variables beside those of the process. Default: none. */
  readonly env?: Readonly<Record<string, string>>;
}

/** In a hook, these say what is so for the repository's root, and git finds the same by itself. */
const hookVariables = {
  GIT_DIR: undefined,
  GIT_INDEX_FILE: undefined,
  GIT_PREFIX: undefined,
  GIT_WORK_TREE: undefined,
};

/** What git prints, without white space at its end; `undefined` when it fails or is not there. */
export async function askGit(
  args: readonly string[],
  query: GitQuery,
): Promise<string | undefined> {
  const { cwd, input, env } = query;
  const { failed, stdout } = await execa("git", args, {
    cwd,
    env: { ...hookVariables, GIT_OPTIONAL_LOCKS: "0", ...env },
    reject: false,
    maxBuffer: 2 ** 28,
    ...(input === undefined ? { stdin: "ignore" } : { input }),
  });
  return failed ? undefined : stdout.trimEnd();
}

/** Entries of a list that git ends with NUL, as `-z` asks for. */
export function splitGitList(text: string): string[] {
  return text.split("\0").filter((entry) => entry !== "");
}
