import type { Command } from "commander";
import { addExamples, type Declaring } from "./declaring.ts";

/** Declares `kratos-ts new`. */
export function declareNew(parent: Command, { shell, finish }: Declaring): void {
  const command = parent
    .command("new")
    .summary("make a service project")
    .description("Make a service project: copies the layout, installs its dependencies.")
    .argument("[path]", "folder to make; its last part names the project")
    .option("-r, --repo <url-or-folder>", "take the layout from a git repository or a folder")
    .option("-b, --branch <name>", "branch or tag of --repo (default: the repository's own)")
    .option("-t, --timeout <duration>", "limit for fetching --repo", "60s")
    .option("--nomod", "add a service to the project around the folder: no package.json of its own")
    .option("--no-install", "leave `npm install` to you")
    .option("--start", "install, generate and run it at once")
    .option("--force", "delete what a non-empty folder holds (.git stays)")
    .option("-y, --yes", "ask nothing, take the defaults")
    .action((path: string | undefined, flags: unknown) =>
      finish(() => import("../commands/new.ts").then((m) => m.runNew(path, flags, shell))),
    );
  addExamples(command, [
    "kratos-ts new order-service",
    "kratos-ts new ../order-service --start",
    "kratos-ts new order-service -r https://example.com/team/layout.git -b main",
    "kratos-ts new app/order --nomod",
  ]);
}
