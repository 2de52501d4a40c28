import { stat } from "node:fs/promises";
import { mkdtemp, rm } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { execa } from "execa";
import { CliError } from "../cli-error.ts";

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
  const branch = source.branch === undefined ? [] : ["--branch", source.branch];
  const quiet = source.interactive
    ? {}
    : { GIT_TERMINAL_PROMPT: "0", GIT_ASKPASS: "true", GIT_SSH_COMMAND: "ssh -o BatchMode=yes" };
  const folder = join(temporary, "template");
  const result = await execa(
    "git",
    ["clone", "--quiet", "--depth", "1", ...branch, "--", url, folder],
    {
      env: quiet,
      timeout: source.timeout,
      cancelSignal: source.signal,
      stdin: source.interactive ? "inherit" : "ignore",
      reject: false,
    },
  );
  if (!result.failed) return { folder, dispose };
  await dispose();
  if (result.isCanceled) throw new CliError("CANCELLED", "ended before the template was there");
  const wanted = source.branch === undefined ? url : `${url}" at "${source.branch}`;
  if (result.timedOut) {
    throw new CliError(
      "TEMPLATE_UNREACHABLE",
      `fetching the template "${wanted}" took longer than ${source.timeout / 1000} s`,
      { hint: "allow more with --timeout, or use a folder with --repo" },
    );
  }
  if (result.code === "ENOENT") {
    throw new CliError("TOOL_FAILED", `git is needed to fetch the template "${wanted}"`, {
      hint: "install git, or use a folder with --repo",
    });
  }
  throw new CliError("TEMPLATE_UNREACHABLE", `cannot fetch the template "${wanted}"`, {
    details: result.stderr,
    hint: "check the address, the branch and your access; without --repo the bundled layout needs no network",
  });
}

/** Git URLs have a scheme, or are `host:path` as scp takes it. */
function isPlainPath(text: string): boolean {
  return !/^[a-z][a-z0-9+.-]*:\/\//i.test(text) && !/^[^/\\:]{2,}:/.test(text);
}
