import type { Command } from "commander";
import { addExamples, protoPathOption, type Declaring } from "./declaring.ts";

/** Declares `kratos-ts generate`. */
export function declareGenerate(parent: Command, { shell, finish }: Declaring): void {
  const command = parent
    .command("generate")
    .summary("generate everything that follows from the project's protos")
    .description(
      "Generate everything that follows from the protos of the project, and remove generated files " +
        "whose proto is gone. Writes only what changed, all of it or nothing.",
    )
    .argument("[file or folder...]", "only these .proto files, or folders that hold some")
    .option("-w, --watch", "again whenever a proto is saved")
    .option("--force", "replace generated files that were edited by hand, keeping copies")
    .addOption(protoPathOption())
    .action((paths: string[], flags: unknown) =>
      finish(() =>
        import("../commands/generate.ts").then((m) => m.runGenerate(paths, flags, shell)),
      ),
    );
  addExamples(command, [
    "kratos-ts generate",
    "kratos-ts generate --watch",
    "kratos-ts generate api/order/v1 --force",
  ]);
}
