import type { Command } from "commander";
import { addExamples, type Declaring } from "./declaring.ts";

/** Declares `kratos-ts run`. */
export function declareRun(parent: Command, { shell, finish, serviceArguments }: Declaring): void {
  const command = parent
    .command("run")
    .summary("run a service from its sources, again at every change")
    .description(
      "Run a service from its TypeScript sources and start it again when they change. " +
        "Runs any other script of the project in the same way. Arguments after -- go to what is run.",
    )
    .argument("[program]", "folder such as cmd/order-service (default: the only one), or a file")
    .usage("[options] [program] [-- arguments]")
    .option("-w, --work <folder>", "working directory of the service (default: the project)")
    .option("--no-watch", "run it once")
    .action((folder: string | undefined, flags: unknown) =>
      finish(() =>
        import("../commands/run.ts").then((m) =>
          m.runRun(folder, flags, serviceArguments(), shell),
        ),
      ),
    );
  addExamples(command, [
    "kratos-ts run",
    "kratos-ts run cmd/order-service --no-watch",
    "kratos-ts run -- --conf configs/local.yaml",
    "kratos-ts run scripts/call.ts --no-watch",
  ]);
}
