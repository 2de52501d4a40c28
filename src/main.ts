import { createProgram } from "./program.ts";
import { createProcessShell } from "./process-shell.ts";
import { reportError } from "./report-error.ts";

/** Runs the command line of this process to its exit code. Never rejects. */
export async function main(): Promise<number> {
  const shell = createProcessShell(process);
  // A reader that has seen enough, such as `head`, is no failure.
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(0);
    throw error;
  });
  try {
    return await createProgram(shell).run(process.argv.slice(2));
  } catch (error) {
    return reportError(error, shell);
  }
}
