import { execa } from "execa";
import { join } from "node:path";
import { CliError } from "../cli-error.ts";
import { completeLockFile } from "./complete-lock.ts";

/** How many lines of npm's output an error shows. */
const shownLines = 30;

/**
 * Runs `npm install` in `folder`, and sees to it that `npm ci` will take the lock file.
 * Throws INSTALL_FAILED with npm's own words.
 */
export async function installDependencies(folder: string, signal: AbortSignal): Promise<void> {
  const result = await execa(
    "npm",
    ["install", "--no-audit", "--no-fund", "--loglevel=error", "--include=dev"],
    {
      cwd: folder,
      env: outerNpmRemoved,
      stdin: "ignore",
      all: true,
      reject: false,
      cancelSignal: signal,
    },
  );
  if (!result.failed) {
    await completeLockFile(join(folder, "package-lock.json"));
    return;
  }
  if (result.isCanceled)
    throw new CliError("CANCELLED", "ended before npm was done", {
      hint: "the project is complete but for its dependencies: run `npm install` in it",
    });
  if (result.code === "ENOENT") {
    throw new CliError("TOOL_FAILED", "npm is not on the PATH", {
      hint: "it comes with Node; --no-install leaves installing to you",
    });
  }
  throw new CliError("INSTALL_FAILED", `npm could not install the dependencies of "${folder}"`, {
    details: result.all.split("\n").slice(-shownLines).join("\n"),
    hint: `the project is complete: mend the cause, then run \`npm install\` in it`,
  });
}

/** `npx` tells its child about the package it was called in; another npm must not hear of it. */
const outerNpmRemoved = {
  npm_config_local_prefix: undefined,
  npm_config_package: undefined,
  npm_config_workspace: undefined,
  npm_config_yes: undefined,
  npm_package_json: undefined,
  INIT_CWD: undefined,
};
