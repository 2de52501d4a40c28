import { basename, join } from "node:path";
import { hasErrors } from "../diagnostic.ts";
import { createWatchSession, type GenerateOptions } from "../generate/index.ts";
import { reportError } from "../report-error.ts";
import { watchSources, type SourceWatcher } from "../run/watch-sources.ts";
import type { Shell } from "../shell.ts";
import { reportDiagnostics, reportFiles } from "./report-generation.ts";

/** Milliseconds of quiet before a burst of events counts as one change: an editor's save is several. */
const quiet = 20;

/** A change of one of these changes where protos are, or what is made of them. */
const setupFiles = new Set(["buf.yaml", "buf.work.yaml", "buf.lock", "kratos.yaml"]);

/** Folders that may be made while we watch, and then hold protos. */
const likelyFolders = ["api", "internal", "third_party"];

/** Generates all, then what follows from each change, until the user ends it. */
export async function watchAndGenerate(run: GenerateOptions, shell: Shell): Promise<number> {
  const session = createWatchSession({ ...run, signal: shell.signal });
  let ended = false;
  const end = new Promise<void>((resolve) => {
    shell.onSignal(() => {
      ended = true;
      resolve();
    });
  });
  let failed = false;
  let folders = listFolders();
  // Watched before anything is read: what is saved in the meantime is another change.
  let watcher = await watch();
  try {
    await update();
    say("waiting for changes");
    for (;;) {
      await Promise.race([end, watcher.changed()]);
      if (ended) return 0;
      const changed = watcher.take();
      const setup = changed.some((path) => setupFiles.has(basename(path)));
      if (setup) await rewatch();
      await update(setup ? undefined : changed);
      if (ended) return 0;
    }
  } finally {
    watcher.close();
  }

  async function update(changed?: readonly string[]): Promise<void> {
    const start = performance.now();
    try {
      const result = await session.update(changed);
      reportDiagnostics(result.diagnostics, shell);
      if (hasErrors(result.diagnostics)) {
        failed = true;
        return;
      }
      if (failed) say("the errors are gone");
      reportFiles(result, run.root, shell);
      say(`took ${Math.round(performance.now() - start)} ms`);
      failed = false;
    } catch (error) {
      if (ended) return;
      failed = true;
      reportError(error, shell);
    }
  }

  /** Roots come and go with what buf.yaml and kratos.yaml say. */
  async function rewatch(): Promise<void> {
    const now = listFolders();
    if (now.join("\n") === folders.join("\n")) return;
    folders = now;
    watcher.close();
    watcher = await watch();
  }

  function watch(): Promise<SourceWatcher> {
    return watchSources({
      folders,
      shallow: [run.root],
      matters: (name) => name.endsWith(".proto") || setupFiles.has(name),
      quiet,
    });
  }

  function listFolders(): string[] {
    const likely = likelyFolders.map((name) => join(run.root, name));
    try {
      return [...new Set([...likely, ...session.folders()])];
    } catch {
      return likely; // the update tells what is wrong
    }
  }

  function say(text: string): void {
    shell.out.line(shell.out.colors.dim(`[kratos-ts] ${text}`));
  }
}
