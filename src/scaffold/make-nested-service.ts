import { CliError } from "../cli-error.ts";
import type { MadeProject, MakeProjectOptions } from "./make-project.ts";

/** Adds a service to the project around it. */
export async function makeNestedService(options: MakeProjectOptions): Promise<MadeProject> {
  throw new CliError("PROJECT_NOT_FOUND", `no project around "${options.target}"`);
}
