import { existsSync } from "node:fs";
import { readFile, rm, rmdir } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { replaceFile } from "./replace-file.ts";
import { addFiles } from "./write-project.ts";

/** A file as it shall be. */
export interface Draft {
  /** Absolute. */
  readonly path: string;
  /** What it holds now; `undefined`: there is no such file. */
  readonly original: string | undefined;
  readonly text: string;
}

/** Files as they shall be: everything is worked out here before anything is written. */
export class Drafts {
  readonly #drafts = new Map<string, Draft>();

  /** What a file shall hold, else what it holds; `undefined`: there is none. */
  async read(path: string): Promise<string | undefined> {
    const draft = this.#drafts.get(path);
    if (draft !== undefined) return draft.text;
    return existsSync(path) ? readFile(path, "utf8") : undefined;
  }

  has(path: string): boolean {
    return this.#drafts.has(path) || existsSync(path);
  }

  async set(path: string, text: string): Promise<void> {
    const known = this.#drafts.get(path);
    const original = known === undefined ? await this.read(path) : known.original;
    if (text !== original) this.#drafts.set(path, { path, original, text });
  }

  /** The paths of files that are new, in the order in which they came. */
  listNew(): string[] {
    return this.list().flatMap(({ path, original }) => (original === undefined ? [path] : []));
  }

  /** What changes, in the order in which it came: new files first. */
  list(): Draft[] {
    const all = [...this.#drafts.values()];
    const isNew = ({ original }: Draft): boolean => original === undefined;
    return [...all.filter(isNew), ...all.filter((draft) => !isNew(draft))];
  }

  /** Writes everything, or puts back what it has written. Throws WRITE_FAILED, also when a new file is there by now. */
  async write(): Promise<void> {
    const written: Draft[] = [];
    const made = new Set<string>();
    try {
      for (const draft of this.list()) {
        const { path, original, text } = draft;
        if (original === undefined) {
          const folder = dirname(path);
          if (!existsSync(folder)) made.add(folder);
          await addFiles(folder, [{ path: basename(path), content: text, executable: false }]);
        } else await replaceFile(path, text);
        written.push(draft);
      }
    } catch (error) {
      for (const { path, original } of written) {
        if (original === undefined) await rm(path, { force: true });
        else await replaceFile(path, original);
      }
      // Not when somebody has put something into it.
      for (const folder of made) await rmdir(folder).catch(() => undefined);
      throw error;
    }
  }
}
