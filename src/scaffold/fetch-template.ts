import { mkdtemp, rm, stat } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { CliError } from "../cli-error.ts";
import { runGit } from "./run-git.ts";

/** A template that lies on this machine. */
export interface FetchedTemplate {
  readonly folder: string;
  /** Removes what was fetched. */
  dispose(): Promise<void>;
}

/** Where a template comes from. */
export interface TemplateSource {
  /** A git URL or a folder. */
  readonly repo: string;
  /** A branch or tag; default: the repository's own. */
  readonly branch: string | undefined;
  /** Milliseconds that git may take. */
  readonly timeout: number;
  /** What a relative folder is relative to. */
  readonly cwd: string;
  /** Whether git may ask for a password. */
  readonly interactive: boolean;
  readonly signal: AbortSignal;
}

/** Uses a folder as it is, and clones everything else. Throws TEMPLATE_UNREACHABLE with git's own words. */
export async function fetchTemplate(source: TemplateSource): Promise<FetchedTemplate> {
  const folder = resolve(source.cwd, source.repo.replace(/^~(?=\/|$)/, homedir()));
  const local = await stat(folder).catch(() => undefined);
  if (local?.isDirectory() && source.branch === undefined) {
    return { folder, dispose: () => Promise.resolve() };
  }
  if (local !== undefined && !local.isDirectory()) {
    throw new CliError("TEMPLATE_INVALID", `the template "${source.repo}" is a file, not a folder`);
  }
  if (local === undefined && isPlainPath(source.repo)) {
    throw new CliError("TEMPLATE_UNREACHABLE", `the template folder "${folder}" does not exist`, {
      hint: "give a folder or a git URL, such as https://example.com/team/layout.git",
    });
  }
  return clone(local === undefined ? source.repo : folder, source);
}

async function clone(url: string, source: TemplateSource): Promise<FetchedTemplate> {
  const temporary = await mkdtemp(join(tmpdir(), "kratos-ts-template-"));
  const dispose = (): Promise<void> => rm(temporary, { recursive: true, force: true });
  const folder = join(temporary, "template");
  const branch = source.branch === undefined ? [] : ["--branch", source.branch];
  const noise = source.interactive ? [] : ["--quiet"];
  const args = ["clone", ...noise, "--depth", "1", ...branch, "--", url, folder];
  const { outcome, stderr } = await runGit(args, source);
  if (outcome === "done") return { folder, dispose };
  await dispose();
  const wanted = source.branch === undefined ? `"${url}"` : `"${url}" at "${source.branch}"`;
  switch (outcome) {
    case "cancelled":
      throw new CliError("CANCELLED", "ended before the template was there");
    case "timeout":
      throw new CliError(
        "TEMPLATE_UNREACHABLE",
        `fetching the template ${wanted} took longer than ${source.timeout / 1000} s`,
        { hint: "allow more with --timeout, or use a folder with --repo" },
      );
    case "missing":
      throw new CliError("TOOL_FAILED", `git is needed to fetch the template ${wanted}`, {
        hint: "install git, or use a folder with --repo",
      });
    case "failed":
      throw new CliError("TEMPLATE_UNREACHABLE", `cannot fetch the template ${wanted}`, {
        ...(stderr === "" ? {} : { details: stderr }),
        hint: "check the address, the branch and your access; without --repo the bundled layout needs no network",
      });
  }
}

/** Git URLs have a scheme, or are `host:path` as scp takes it. */
function isPlainPath(text: string): boolean {
  return !/^[a-z][a-z0-9+.-]*:\/\//i.test(text) && !/^[^/\\:]{2,}:/.test(text);
}
