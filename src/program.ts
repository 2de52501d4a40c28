import { Command, CommanderError, Option } from "commander";
import { CliError } from "./cli-error.ts";
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

  addNew(root);
  addProto(root);
  addRun(root);
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

  function finish(action: () => Promise<number>): Promise<void> {
    return action().then((code) => void (exitCode = code));
  }

  function addNew(parent: Command): void {
    const command = parent
      .command("new")
      .summary("make a service project")
      .description("Make a service project: copies the layout, installs its dependencies.")
      .argument("[path]", "folder to make; its last part names the project")
      .option("-r, --repo <url-or-folder>", "take the layout from a git repository or a folder")
      .option("-b, --branch <name>", "branch or tag of --repo (default: the repository's own)")
      .option("-t, --timeout <duration>", "limit for fetching --repo", "60s")
      .option(
        "--nomod",
        "add a service to the project around the folder: no package.json of its own",
      )
      .option("--no-install", "leave `npm install` to you")
      .option("--start", "install, generate and run it at once")
      .option("--force", "delete what a non-empty folder holds (.git stays)")
      .option("-y, --yes", "ask nothing, take the defaults")
      .action((path: string | undefined, flags: unknown) =>
        finish(() => import("./commands/new.ts").then((m) => m.runNew(path, flags, shell))),
      );
    addExamples(command, [
      "kratos-ts new order-service",
      "kratos-ts new ../order-service --start",
      "kratos-ts new order-service -r https://example.com/team/layout.git -b main",
      "kratos-ts new app/order --nomod",
    ]);
  }

  function addProto(parent: Command): void {
    const proto = parent
      .command("proto")
      .summary("write .proto files and generate code from them")
      .description("Write .proto files and generate code from them.")
      .helpCommand(false);

    const add = proto
      .command("add")
      .summary("write a new .proto with a service")
      .description(
        "Write a new .proto: a service with create, get, list, update and delete, " +
          "their HTTP routes, and an error_reason.proto beside it when there is none.",
      )
      .argument("<path>", "where, such as api/order/v1/order.proto")
      .action((path: string) =>
        finish(() => import("./commands/proto-add.ts").then((m) => m.runProtoAdd(path, shell))),
      );
    addExamples(add, ["kratos-ts proto add api/order/v1/order.proto"]);

    const client = proto
      .command("client")
      .summary("generate typed code beside each .proto")
      .description(
        "Generate TypeScript beside each .proto: messages, HTTP and gRPC servers and clients, " +
          "errors, configuration. Writes only what changed.",
      )
      .argument("<file or folder...>", ".proto files, or folders that hold some")
      .addOption(protoPathOption())
      .option("--allow-get-body", "accept a body on GET, HEAD and DELETE")
      .action((paths: string[], flags: unknown) =>
        finish(() =>
          import("./commands/proto-client.ts").then((m) => m.runProtoClient(paths, flags, shell)),
        ),
      );
    addExamples(client, [
      "kratos-ts proto client api/order/v1/order.proto",
      "kratos-ts proto client api internal",
      "kratos-ts proto client api -p ../protos",
    ]);

    const server = proto
      .command("server")
      .summary("write a class for each service")
      .description(
        "Write a class for each service of a .proto, ready to be filled in, and register it in " +
          "internal/server/services.ts and cmd/*/wire.ts. Files that exist are left as they are.",
      )
      .argument("<file or folder>", "a .proto file, or a folder that holds some")
      .option(
        "-t, --target-dir <folder>",
        "where the class goes (default: the project's internal/service)",
      )
      .addOption(protoPathOption())
      .option("--allow-get-body", "accept a body on GET, HEAD and DELETE")
      .action((path: string, flags: unknown) =>
        finish(() =>
          import("./commands/proto-server.ts").then((m) => m.runProtoServer(path, flags, shell)),
        ),
      );
    addExamples(server, [
      "kratos-ts proto server api/order/v1/order.proto",
      "kratos-ts proto server api/order/v1/order.proto -t internal/handler",
    ]);
  }

  function addRun(parent: Command): void {
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
          import("./commands/run.ts").then((m) => m.runRun(folder, flags, serviceArguments, shell)),
        ),
      );
    addExamples(command, [
      "kratos-ts run",
      "kratos-ts run cmd/order-service --no-watch",
      "kratos-ts run -- --conf configs/local.yaml",
      "kratos-ts run scripts/call.ts --no-watch",
    ]);
  }
}

/** The words that name `command`, from `kratos-ts` on. */
function pathOf(command: Command): string {
  return command.parent === null ? command.name() : `${pathOf(command.parent)} ${command.name()}`;
}

/** As in Kratos, with an underscore. */
function protoPathOption(): Option {
  return new Option(
    "-p, --proto_path <folder>",
    "another root for imports; may be repeated (default: $KRATOS_PROTO_PATH)",
  ).argParser((value: string, earlier: string[] | undefined) => [...(earlier ?? []), value]);
}

function addExamples(command: Command, lines: readonly string[]): void {
  command.addHelpText("after", `\nExamples:\n${lines.map((line) => `  $ ${line}`).join("\n")}`);
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
