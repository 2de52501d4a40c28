import { randomBytes } from "node:crypto";
import { realpath, rename, rm, stat, writeFile } from "node:fs/promises";
import { CliError } from "../cli-error.ts";

/** Replaces the text of a file that exists, at once or not at all; its mode stays. Throws WRITE_FAILED. */
export async function replaceFile(path: string, text: string): Promise<void> {
  let temporary: string | undefined;
  try {
    const real = await realpath(path); // the file behind a link, not the link
    const { mode } = await stat(real);
    temporary = `${real}.kratos-ts-${randomBytes(4).toString("hex")}`;
    await writeFile(temporary, text, { mode });
    await rename(temporary, real);
  } catch (cause) {
    if (temporary !== undefined) await rm(temporary, { force: true });
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new CliError("WRITE_FAILED", `cannot write "${path}": ${reason}`, { cause });
  }
}
