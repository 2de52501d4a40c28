import { z } from "zod";
import { CliError } from "../cli-error.ts";

/** Checks what commander took from the command line. Throws USAGE with every problem. */
export function parseFlags<T extends z.ZodType>(schema: T, flags: unknown): z.infer<T> {
  const result = schema.safeParse(flags);
  if (result.success) return result.data;
  const problems = result.error.issues.map(({ path, message }) => {
    const name =
      path.length === 0 ? "" : `--${path.join(".").replace(/[A-Z]/g, "-$&").toLowerCase()}: `;
    return name + message;
  });
  throw new CliError("USAGE", problems.join("; "));
}

const unitsInMilliseconds = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 } as const;

/** A flag such as `90s`, `1m30s` or `500ms`, as milliseconds; a bare number counts seconds. */
export const durationFlag = z.string().transform((text, context): number => {
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text) * unitsInMilliseconds.s;
  if (!/^(\d+(\.\d+)?(ms|s|m|h))+$/.test(text)) {
    context.addIssue(`"${text}" is not a duration, write it as "60s" or "1m30s"`);
    return z.NEVER;
  }
  let total = 0;
  for (const [, amount, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)) {
    total += Number(amount) * unitsInMilliseconds[unit as keyof typeof unitsInMilliseconds];
  }
  return total;
});
