import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { hostname, uptime } from "node:os";
import { z } from "zod";

const ownerSchema = z.object({ pid: z.number(), host: z.string(), startedAt: z.number() });
type Owner = z.infer<typeof ownerSchema>;

/** The right to use a database file. */
export interface SqliteClaim {
  /** Gives it back. */
  release(): void;
}

/**
 * Claims `file` for this process by writing `<file>.owner`. A claim that was left behind by a process
 * that is gone is taken over. Throws when a living process holds it.
 *
 * SQLite's own lock is not enough here: the WebAssembly build keeps it as a folder, which stays for
 * ever when a process is killed.
 */
export function claimSqliteFile(file: string): SqliteClaim {
  const path = `${file}.owner`;
  const me: Owner = { pid: process.pid, host: hostname(), startedAt: performance.timeOrigin };
  const mine = JSON.stringify(me);
  for (let attempt = 0; attempt < 5; attempt++) {
    if (tryCreate(path, mine)) return { release: () => releaseClaim(path, mine) };
    const text = tryRead(path);
    if (text === undefined) continue; // released just now
    const owner = parseOwner(text);
    if (owner !== undefined && mayBeAlive(owner, me)) throw inUse(file, owner);
    takeAway(path, text);
  }
  throw new Error("other processes are starting with it at the same time");
}

function tryCreate(path: string, text: string): boolean {
  try {
    writeFileSync(path, text, { flag: "wx" });
    return true;
  } catch (error) {
    if (isErrno(error, "EEXIST")) return false;
    throw error;
  }
}

/** Removes the dead claim `text`, and nothing that came in its place meanwhile. */
function takeAway(path: string, text: string): void {
  const aside = `${path}.${process.pid}`;
  try {
    renameSync(path, aside);
  } catch (error) {
    if (isErrno(error, "ENOENT")) return;
    throw error;
  }
  if (tryRead(aside) === text) rmSync(aside, { force: true });
  else renameSync(aside, path);
}

function releaseClaim(path: string, mine: string): void {
  if (tryRead(path) === mine) rmSync(path, { force: true });
}

function mayBeAlive(owner: Owner, me: Owner): boolean {
  if (owner.host !== me.host) return true; // cannot be known from here
  if (owner.startedAt < Date.now() - uptime() * 1000) return false; // before the machine started
  if (owner.pid === me.pid) return owner.startedAt === me.startedAt; // containers reuse process 1
  try {
    process.kill(owner.pid, 0);
    return true;
  } catch (error) {
    return !isErrno(error, "ESRCH");
  }
}

function inUse(file: string, owner: Owner): Error {
  return new Error(
    `it is in use by process ${owner.pid} on "${owner.host}", and an embedded database serves one ` +
      `process (PostgreSQL serves many). If that process is gone, delete "${file}.owner"`,
  );
}

function parseOwner(text: string): Owner | undefined {
  try {
    return ownerSchema.parse(JSON.parse(text));
  } catch {
    return undefined; // a disk that was full, or somebody's editor: nobody can be named
  }
}

function tryRead(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (isErrno(error, "ENOENT")) return undefined;
    throw error;
  }
}

function isErrno(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
