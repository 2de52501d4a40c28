import { CliError } from "../cli-error.ts";
import { askGit } from "../project/git.ts";

/** The state of the project that breaking changes are told against. */
export interface Base {
  /** As people call it. */
  readonly name: string;
  /** The full id of the commit. */
  readonly commit: string;
}

/** A {@link Base}, or why there is none. */
export type BaseResult = { readonly base: Base } | { readonly note: string };

/** Where to look for the base. */
export interface BaseOptions {
  /** The project's root, absolute. */
  readonly root: string;
  /** A ref of git. Default: where the default branch and what is checked out have parted. */
  readonly against: string | undefined;
  /** The branch that a pull request is for, as CI says. */
  readonly pullRequestBase: string | undefined;
}

/**
 * Finds the base.
 *
 * @throws CliError USAGE when git does not know the ref that was named
 */
export async function findBase({
  root,
  against,
  pullRequestBase,
}: BaseOptions): Promise<BaseResult> {
  if (against !== undefined) return { base: await parseRef(root, against) };
  const head = await askGit(["rev-parse", "--verify", "--quiet", "HEAD"], { cwd: root });
  if (head === undefined) {
    const inside = (await askGit(["rev-parse", "--git-dir"], { cwd: root })) !== undefined;
    return {
      note: inside ? "nothing is committed yet" : "the project is in no git repository",
    };
  }
  const branch = await findDefaultBranch(root, pullRequestBase);
  if (branch === undefined) {
    return { note: "git knows no default branch; name what to compare with by --against" };
  }
  const commit = await askGit(["merge-base", "HEAD", branch], { cwd: root });
  if (commit !== undefined) return { base: { name: shorten(branch), commit } };
  return {
    note: `what is checked out has no commit in common with "${shorten(branch)}"; fetch the whole history`,
  };
}

async function parseRef(root: string, against: string): Promise<Base> {
  for (const name of [against, `origin/${against}`]) {
    // What looks like a flag is no name of a ref.
    if (against.startsWith("-")) break;
    const args = ["rev-parse", "--verify", "--quiet", `${name}^{commit}`];
    const commit = await askGit(args, { cwd: root });
    if (commit !== undefined) return { name, commit };
  }
  throw new CliError("USAGE", `git knows no commit "${against}"`, {
    hint: "name a branch, a tag or a commit with --against; in CI, fetch it first",
  });
}

async function findDefaultBranch(
  root: string,
  pullRequestBase: string | undefined,
): Promise<string | undefined> {
  const names = [
    ...(pullRequestBase === undefined ? [] : [`refs/remotes/origin/${pullRequestBase}`]),
    "refs/remotes/origin/HEAD",
    "refs/remotes/origin/main",
    "refs/remotes/origin/master",
    "refs/heads/main",
    "refs/heads/master",
  ];
  const format = "--format=%(refname)";
  const found = await askGit(["for-each-ref", format, ...names], { cwd: root });
  const present = new Set(found?.split("\n"));
  return names.find((name) => present.has(name));
}

function shorten(ref: string): string {
  return ref.replace(/^refs\/(?:heads|remotes)\//, "");
}
