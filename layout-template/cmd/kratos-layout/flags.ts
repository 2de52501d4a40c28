import { existsSync, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { parseArgs } from "node:util";

/** What the command line can say. */
export interface Flags {
  /** The configuration: a file, or a folder of files. */
  readonly conf: string;
  /**
   * What relative paths in the configuration start from: the folder that holds `configs`, or that of
   * another configuration. So a service finds its data wherever it is started from.
   */
  readonly home: string;
  readonly help: boolean;
}

/** How to start the service. */
export const usage = `usage: kratos-layout [--conf <file or folder>]

  --conf, -conf  the configuration (default: the folder "configs" of the project)
  --help, -h     show this text
`;

/**
 * Reads the arguments. `-conf` with one dash is what Kratos services take, so it means the same here.
 * Throws when an argument is not known. `start` is where to look for the project.
 */
export function parseFlags(args: readonly string[], start: string): Flags {
  const { conf, help } = parse(args.map((arg) => arg.replace(/^-conf(?==|$)/, "--conf")));
  const found = resolve(conf ?? findConfigs(start));
  return { conf: found, home: findHome(found), help };
}

function parse(args: string[]): { conf?: string; help: boolean } {
  try {
    return parseArgs({
      args,
      options: { conf: { type: "string" }, help: { type: "boolean", short: "h", default: false } },
    }).values;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`${reason}\n\n${usage}`, { cause: error });
  }
}

/** The nearest folder `configs` upwards, so that sources and `dist/` find the same one. */
function findConfigs(start: string): string {
  for (let folder = start; ; folder = dirname(folder)) {
    const configs = join(folder, "configs");
    if (existsSync(configs)) return configs;
    if (folder === dirname(folder)) return "configs";
  }
}

function findHome(conf: string): string {
  const folder = statSync(conf, { throwIfNoEntry: false })?.isFile() ? dirname(conf) : conf;
  return basename(folder) === "configs" ? dirname(folder) : folder;
}
