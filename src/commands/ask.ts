import { CliError } from "../cli-error.ts";

// Only called where `shell.interactive` holds: without a terminal nothing is ever asked.

/** Asks for a line of text. Throws CANCELLED when the user leaves. */
export async function askText(message: string, placeholder: string): Promise<string> {
  const { isCancel, text } = await import("@clack/prompts");
  const answer = await text({ message, placeholder });
  if (isCancel(answer)) throw cancelled();
  return answer ?? "";
}

/** Asks yes or no; no is the default. Throws CANCELLED when the user leaves. */
export async function askConsent(message: string): Promise<boolean> {
  const { confirm, isCancel } = await import("@clack/prompts");
  const answer = await confirm({ message, initialValue: false });
  if (isCancel(answer)) throw cancelled();
  return answer;
}

/** Asks for one of several. Throws CANCELLED when the user leaves. */
export async function askChoice(message: string, choices: readonly string[]): Promise<string> {
  const { isCancel, select } = await import("@clack/prompts");
  const answer = await select({ message, options: choices.map((value) => ({ value })) });
  if (isCancel(answer)) throw cancelled();
  return answer;
}

function cancelled(): CliError {
  return new CliError("CANCELLED", "nothing was done");
}
