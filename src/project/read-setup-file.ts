import { isUtf8 } from "node:buffer";
import { lstatSync, readFileSync, statSync } from "node:fs";
import { CliError } from "../cli-error.ts";

/** In bytes. Nobody writes so much by hand; what is larger is another file under this name. */
const maxBytes = 64 * 1024;

/**
 * Reads a file that a person wrote to say how the project is set up, as text without a byte order mark;
 * `undefined` when there is none. `path` is absolute.
 *
 * @throws CliError CONFIG_INVALID for what is no file, cannot be read, is larger than 64 KiB or no UTF-8
 */
export function readSetupFile(path: string): string | undefined {
  if (!checkKind(path)) return undefined;
  const bytes = orUnreadable(path, () => readFileSync(path));
  if (!isUtf8(bytes)) {
    throw new CliError("CONFIG_INVALID", `"${path}" is not UTF-8 in line ${findBadLine(bytes)}`, {
      hint: "save it as UTF-8",
    });
  }
  return new TextDecoder().decode(bytes);
}

/** Whether there is a file; throws for what is there and is none. */
function checkKind(path: string): boolean {
  const stats = orUnreadable(path, () => statSync(path, { throwIfNoEntry: false }));
  if (stats === undefined) {
    if (lstatSync(path, { throwIfNoEntry: false }) === undefined) return false;
    throw new CliError("CONFIG_INVALID", `"${path}" is a link to nothing`, {
      hint: "make the file that it leads to, or remove it",
    });
  }
  if (!stats.isFile()) {
    const kind = stats.isDirectory() ? "a folder" : "no regular file";
    throw new CliError("CONFIG_INVALID", `"${path}" is ${kind}, expected a file`, {
      hint: "rename or remove it",
    });
  }
  if (stats.size > maxBytes) {
    throw new CliError(
      "CONFIG_INVALID",
      `"${path}" has ${stats.size} bytes, at most ${maxBytes} are read`,
      { hint: "is it another program's file? then one of the two needs another name or folder" },
    );
  }
  return true;
}

function orUnreadable<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    const details = cause instanceof Error ? cause.message : String(cause);
    throw new CliError("CONFIG_INVALID", `"${path}" cannot be read`, { details, cause });
  }
}

function findBadLine(bytes: Buffer): number {
  let line = 1;
  for (let start = 0; start < bytes.length; line++) {
    const end = bytes.indexOf(0x0a, start) + 1 || bytes.length;
    if (!isUtf8(bytes.subarray(start, end))) break;
    start = end;
  }
  return line;
}
