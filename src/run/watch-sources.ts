import { watch } from "node:fs";
import type { FSWatcher } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";

/** Changes of files since they were last taken. */
export interface SourceWatcher {
  /** Resolves once something has changed; at once when it has already. */
  changed(): Promise<void>;
  /** The files that changed, absolute, each once; empties the list. */
  take(): string[];
  close(): void;
}

/** What to watch. */
export interface WatchOptions {
  /** Absolute folders, watched with all that is below them. They may come and go. */
  readonly folders: readonly string[];
  /** Absolute folders of which only the files directly inside count. */
  readonly shallow: readonly string[];
  /** Whether a change of the file with this name matters. */
  readonly matters: (name: string) => boolean;
  /** Milliseconds of quiet before a burst of events counts as one change. */
  readonly quiet: number;
}

/** How often to look, in milliseconds, where the system gives no events (any more). */
const pollInterval = 1000;
/** How long events that do not cease may put a look off, in milliseconds. */
const maxDelay = 1000;

interface Watched {
  readonly watcher: FSWatcher;
  /** A folder that was removed and made again is another one, of which the old watcher hears nothing. */
  readonly inode: number;
}

/**
 * Events only say when to look. What changed is found by comparing sizes and times with the last look,
 * so that temporary files of editors, double events and renames over a file all come out right.
 */
export async function watchSources(options: WatchOptions): Promise<SourceWatcher> {
  const watched = new Map<string, Watched>();
  const changes = new Set<string>();
  let waiting: (() => void)[] = [];
  let timer: NodeJS.Timeout | undefined;
  let firstEvent: number | undefined;
  let poll: NodeJS.Timeout | undefined;
  let looking = false;
  let again = false;
  let closed = false;
  let known = await look();

  return {
    changed: () =>
      changes.size > 0 ? Promise.resolve() : new Promise((resolve) => waiting.push(resolve)),
    take() {
      const taken = [...changes];
      changes.clear();
      return taken;
    },
    close() {
      closed = true;
      clearTimeout(timer);
      clearInterval(poll);
      for (const { watcher } of watched.values()) watcher.close();
    },
  };

  function schedule(): void {
    if (closed) return;
    clearTimeout(timer);
    firstEvent ??= performance.now();
    const left = firstEvent + maxDelay - performance.now();
    timer = setTimeout(() => void compare(), Math.max(0, Math.min(options.quiet, left)));
  }

  async function compare(): Promise<void> {
    firstEvent = undefined;
    if (looking) {
      again = true;
      return;
    }
    looking = true;
    const now = await look();
    looking = false;
    if (closed) return;
    for (const [path, version] of now) if (known.get(path) !== version) changes.add(path);
    for (const path of known.keys()) if (!now.has(path)) changes.add(path);
    known = now;
    if (changes.size > 0) {
      for (const resolve of waiting) resolve();
      waiting = [];
    }
    if (again) {
      again = false;
      schedule();
    }
  }

  /** The version of each file that matters. Starts to watch folders that it meets for the first time. */
  async function look(): Promise<Map<string, string>> {
    const versions = new Map<string, string>();
    const seen = new Set<string>();
    for (const folder of options.shallow) await visit(folder, false);
    for (const folder of options.folders) await visit(folder, true);
    for (const folder of watched.keys()) if (!seen.has(folder)) unsubscribe(folder);
    return versions;

    async function visit(folder: string, deep: boolean): Promise<void> {
      const inode = (await stat(folder).catch(() => undefined))?.ino;
      if (inode === undefined) return;
      // Watched before it is read: what appears in between is either read or told.
      if (watched.get(folder)?.inode !== inode) subscribe(folder, inode);
      const entries = await readdir(folder, { withFileTypes: true }).catch(() => undefined);
      if (entries === undefined) return;
      seen.add(folder);
      for (const entry of entries) {
        const path = join(folder, entry.name);
        if (entry.isDirectory()) {
          if (deep && entry.name !== "node_modules") await visit(path, true);
        } else if (options.matters(entry.name)) {
          // Follows links: a mounted ConfigMap is one.
          const stats = await stat(path).catch(() => undefined);
          if (stats?.isFile()) versions.set(path, `${stats.ino} ${stats.mtimeMs} ${stats.size}`);
        }
      }
    }
  }

  function subscribe(folder: string, inode: number): void {
    unsubscribe(folder);
    if (closed) return;
    try {
      const watcher = watch(folder, schedule);
      watcher.on("error", () => {
        unsubscribe(folder);
        schedule();
      });
      watched.set(folder, { watcher, inode });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return;
      // Out of watches (ENOSPC, EMFILE), or a file system without events.
      poll ??= setInterval(() => void compare(), pollInterval);
    }
  }

  function unsubscribe(folder: string): void {
    watched.get(folder)?.watcher.close();
    watched.delete(folder);
  }
}
