import { Option, type Command } from "commander";
import type { Shell } from "../shell.ts";

/** What the declaration of a command is given: how it runs, once it is asked for. */
export interface Declaring {
  readonly shell: Shell;
  /** Runs a command's action, whose result becomes the exit code of the program. */
  finish(action: () => Promise<number>): Promise<void>;
  /** What the command line holds after `--`, for the service that `run` starts. */
  readonly serviceArguments: () => readonly string[];
}

/** Ends the help of `command` with examples. */
export function addExamples(command: Command, lines: readonly string[]): void {
  command.addHelpText("after", `\nExamples:\n${lines.map((line) => `  $ ${line}`).join("\n")}`);
}

/** As in Kratos, with an underscore. */
export function protoPathOption(): Option {
  return new Option(
    "-p, --proto_path <folder>",
    "another root for imports; may be repeated (default: $KRATOS_PROTO_PATH)",
  ).argParser((value: string, earlier: string[] | undefined) => [...(earlier ?? []), value]);
}
