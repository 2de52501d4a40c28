import { isCliError } from "./cli-error.ts";
import type { Shell } from "./shell.ts";

/** Prints why a command failed and returns the exit code for it. */
export function reportError(error: unknown, shell: Shell): number {
  const { err } = shell;
  if (!isCliError(error)) {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    err.line(
      `${label(shell, undefined)} this is a defect of kratos-ts, please report it with these lines`,
    );
    err.line(text);
    return 70; // EX_SOFTWARE of sysexits.h: tells scripts a defect from a failure
  }
  err.line(`${label(shell, error.code)} ${error.message}`);
  if (error.details !== undefined) {
    for (const line of error.details.trimEnd().split("\n")) {
      err.line(line === "" ? "" : err.colors.dim(`  ${line}`));
    }
  }
  if (error.hint !== undefined) err.line(`${err.colors.cyan("hint:")} ${error.hint}`);
  return error.exitCode;
}

/** The code is what docs/cli-errors.md lists. */
function label({ err }: Shell, code: string | undefined): string {
  return err.colors.bold(err.colors.red(code === undefined ? "error:" : `error[${code}]:`));
}
