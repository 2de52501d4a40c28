import { Command, CommanderError } from "commander";
import { CliError } from "./cli-error.ts";
import { declareCheck } from "./program/declare-check.ts";
import { declareGenerate } from "./program/declare-generate.ts";
import { declareNew } from "./program/declare-new.ts";
import { declareProto } from "./program/declare-proto.ts";
import { declareRun } from "./program/declare-run.ts";
import { addExamples, type Declaring } from "./program/declaring.ts";
import { readOwnPackage } from "./project/own-package.ts";
import type { Shell } from "./shell.ts";

/** The command line as a whole. */
export interface Program {
  /** Resolves to the exit code; rejects with a `CliError` for what the user can mend. */
  run(argv: readonly string[]): Promise<number>;
}

/**
 * Declares every command and flag. Nothing that a command needs is loaded before it runs, so that
 * `--help` costs little more than Node itself.
 */
export function createProgram(shell: Shell): Program {
  let exitCode = 0;
  let serviceArguments: readonly string[] = [];
  const root = new Command("kratos-ts")
    .description("Make a service, generate its typed code from .proto files, run it.")
    .version(readOwnPackage().version, "-v, --version", "print the version")
    .helpOption("-h, --help", "print this help")
    .helpCommand("help [command]", "print the help of a command")
    .showHelpAfterError(false)
    .configureHelp({ styleTitle: (title) => shell.out.colors.bold(title) })
    .exitOverride()
    .configureOutput({
      writeOut: (text) => shell.out.write(text),
      writeErr: (text) => shell.err.write(text),
      outputError: () => undefined, // reported at the top, like every other error
    });

  const declaring: Declaring = {
    shell,
    finish: (action) => action().then((code) => void (exitCode = code)),
    serviceArguments: () => serviceArguments,
  };
  declareNew(root, declaring);
  declareProto(root, declaring);
  declareGenerate(root, declaring);
  declareCheck(root, declaring);
  declareRun(root, declaring);
  addExamples(root, [
    "kratos-ts new order-service --start",
    "kratos-ts proto add api/order/v1/order.proto",
    "kratos-ts proto client api",
    "kratos-ts proto server api/order/v1/order.proto",
    "kratos-ts run",
  ]);

  return {
    async run(argv) {
      if (argv.length === 0) {
        root.outputHelp();
        return 0;
      }
      // commander would take the service's first argument for [folder].
      const dashes = argv[0] === "run" ? argv.indexOf("--") : -1;
      if (dashes !== -1) serviceArguments = argv.slice(dashes + 1);
      const words = readHelpWord(dashes === -1 ? argv : argv.slice(0, dashes));
      const { command, unknown } = findCommand(words);
      try {
        // Asked for help on a command that it does not know, commander would show that of the group.
        const kept = unknown ? words.filter((word) => !helpFlags.includes(word)) : words;
        await root.parseAsync(kept, { from: "user" });
        return exitCode;
      } catch (error) {
        if (!(error instanceof CommanderError)) throw error;
        if (error.exitCode === 0) return 0;
        if (error.code === "commander.help") {
          throw new CliError("USAGE", "which of `proto add`, `proto client` or `proto server`?", {
            hint: "run `kratos-ts proto --help`",
          });
        }
        throw toUsageError(error, command);
      }
    },
  };

  /** `help new` and `proto help add` are other words for `new --help` and `proto add --help`. */
  function readHelpWord(argv: readonly string[]): string[] {
    const at = argv.indexOf("help");
    if (at === -1) return [...argv];
    const { command, unknown } = findCommand(argv.slice(0, at));
    const isGroup = !unknown && command.commands.length > 0;
    return isGroup ? [...argv.slice(0, at), ...argv.slice(at + 1), "--help"] : [...argv];
  }

  /** The command that `argv` names, or the group in which there is none of the name. */
  function findCommand(argv: readonly string[]): { command: Command; unknown: boolean } {
    let command = root;
    for (const word of argv) {
      if (command.commands.length === 0 || word.startsWith("-")) break;
      const next = command.commands.find((each) => each.name() === word);
      if (next === undefined) return { command, unknown: true };
      command = next;
    }
    return { command, unknown: false };
  }
}

/** The words that name `command`, from `kratos-ts` on. */
function pathOf(command: Command): string {
  return command.parent === null ? command.name() : `${pathOf(command.parent)} ${command.name()}`;
}

const helpFlags = ["-h", "--help"];

/** commander's own words, less its prefix; its suggestion becomes the hint. */
function toUsageError(error: CommanderError, command: Command): CliError {
  const [message = "", suggestion] = error.message.replace(/^error: /, "").split("\n");
  const names = /^\(Did you mean (?:one of )?(.*)\?\)$/.exec(suggestion ?? "")?.[1]?.split(", ");
  const hint = names && `did you mean ${names.map((name) => `"${name}"`).join(" or ")}?`;
  return new CliError("USAGE", message.replaceAll("'", '"'), {
    hint: hint ?? `run \`${pathOf(command)} --help\``,
    cause: error,
  });
}
