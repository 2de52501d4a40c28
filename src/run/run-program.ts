import { dirname, join, relative } from "node:path";
import { pathToFileURL } from "node:url";
import { readOwnPackage } from "../project/own-package.ts";
import type { Shell } from "../shell.ts";
import { startChild, stopChild } from "./child.ts";
import type { Child } from "./child.ts";
import { watchSources } from "./watch-sources.ts";
import type { SourceWatcher, WatchOptions } from "./watch-sources.ts";

/** What to run and how. */
export interface RunOptions {
  /** Absolute path of the TypeScript file that starts the program. */
  readonly entry: string;
  /** The folder whose sources the program is made of, absolute. */
  readonly project: string;
  /** Where the program works, absolute. */
  readonly cwd: string;
  readonly args: readonly string[];
  /** Whether to start it again when a source or a configuration file changes. */
  readonly watch: boolean;
  readonly shell: Shell;
}

/** How long a program may take to end before it is killed for a restart, in milliseconds. */
const patience = 10_000;
/** How long files must be left alone before a restart, in milliseconds: editors and git write in bursts. */
const quiet = 80;

const watchedFolders = ["cmd", "internal", "api", "configs", "src", "pkg"];
const watchedFile = /(\.(m?ts|ya?ml|json)|^\.env)$/;

/**
 * Runs a program from its sources until it ends or the user ends it; returns its exit code.
 * While watching, a program that has ended by itself is started again at the next change.
 */
export async function runProgram(options: RunOptions): Promise<number> {
  const { shell } = options;
  const watcher = options.watch ? await watchSources(toWatch(options)) : undefined;
  const end = watchForEnd(shell);
  try {
    for (;;) {
      const child = startChild({
        command: shell.node.path,
        args: [...nodeArgs(shell), options.entry, ...options.args],
        cwd: options.cwd,
        env: shell.env,
      });
      end.follow(child);
      const code = await Promise.race([child.exited, end.asked, watcher?.changed() ?? never()]);
      if (end.isAsked() || watcher === undefined) return await child.exited;
      if (typeof code === "number") {
        say(`ended with exit code ${code}, waiting for a change`);
        await Promise.race([end.asked, watcher.changed()]);
        if (end.isAsked()) return code;
        say(`starting again, ${describe(watcher)}`);
      } else {
        say(`restarting, ${describe(watcher)}`);
        await stopChild(child, patience);
        if (end.isAsked()) return await child.exited;
      }
    }
  } finally {
    end.close();
    watcher?.close();
  }

  function say(text: string): void {
    shell.err.line(shell.err.colors.dim(`[kratos-ts] ${text}`));
  }

  function describe(from: SourceWatcher): string {
    const [first = "", ...others] = from.take().map((path) => relative(options.project, path));
    return `${first}${others.length > 0 ? ` and ${others.length} more` : ""} changed`;
  }
}

/** The user's wish to end, passed on to the program that runs. */
interface End {
  readonly asked: Promise<void>;
  isAsked(): boolean;
  /** The child that hears of the wish from now on. */
  follow(child: Child): void;
  close(): void;
}

function watchForEnd(shell: Shell): End {
  let current: Child | undefined;
  let count = 0;
  let resolve: () => void = () => undefined;
  const asked = new Promise<void>((settle) => {
    resolve = settle;
  });
  const close = shell.onSignal((signal) => {
    count++;
    resolve();
    if (count > 1) current?.kill("SIGKILL");
    // At a terminal Ctrl-C has reached the child already; a second one would cut its farewell short.
    else if (signal !== "SIGINT" || !shell.terminal) current?.kill(signal);
  });
  return { asked, close, isAsked: () => count > 0, follow: (child) => (current = child) };
}

function toWatch({ entry, project }: RunOptions): WatchOptions {
  return {
    folders: watchedFolders.map((name) => join(project, name)),
    // A program may lie elsewhere, as scripts do.
    shallow: [project, dirname(entry)],
    matters: (name) => watchedFile.test(name),
    quiet,
  };
}

/** On Node versions that cannot run TypeScript a loader erases the types. */
function nodeArgs(shell: Shell): string[] {
  return [
    ...preload("end-with-parent.js"),
    ...(shell.node.stripsTypes
      ? ["--disable-warning=ExperimentalWarning"]
      : preload("register.js")),
  ];
}

function preload(name: string): string[] {
  return ["--import", pathToFileURL(join(readOwnPackage().root, "dist", name)).href];
}

function never(): Promise<never> {
  return new Promise(() => undefined);
}
