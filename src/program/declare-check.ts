import type { Command } from "commander";
import { addExamples, protoPathOption, type Declaring } from "./declaring.ts";

/** Declares `kratos-ts check`. */
export function declareCheck(parent: Command, { shell, finish }: Declaring): void {
  const command = parent
    .command("check")
    .summary("check generated code, lint, format and breaking changes")
    .description(
      "Check what CI wants to know of the protos: generated files that are missing, stale, edited, " +
        "orphaned or not in git; buf lint; buf format; and buf breaking against a commit. Writes nothing.",
    )
    .option(
      "--against <ref>",
      "what to tell breaking changes against (default: where the default branch was left)",
    )
    .option("--fix", "generate and format first, then tell what is left")
    .option("--json", "print one JSON document")
    .addOption(protoPathOption())
    .action((flags: unknown) =>
      finish(() => import("../commands/check.ts").then((m) => m.runCheck(flags, shell))),
    );
  addExamples(command, [
    "kratos-ts check",
    "kratos-ts check --fix",
    "kratos-ts check --against main --json",
  ]);
}
