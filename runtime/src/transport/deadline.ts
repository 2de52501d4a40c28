const units: Readonly<Record<string, number>> = {
  H: 3_600_000,
  M: 60_000,
  S: 1000,
  m: 1,
  u: 1e-3,
  n: 1e-6,
};

/**
 * Reads a `grpc-timeout`: up to eight digits and a unit (hours `H`, minutes `M`, seconds `S`, `m`, `u`, `n`).
 * Returns milliseconds, or undefined when the text is none.
 */
export function findTimeout(text: string): number | undefined {
  const factor = units[text.charAt(text.length - 1)];
  const digits = text.slice(0, -1);
  if (factor === undefined || !/^\d{1,8}$/.test(digits)) return undefined;
  return Number(digits) * factor;
}

/** Writes milliseconds as a `grpc-timeout`, in the finest unit that eight digits hold; never less than `1n`. */
export function formatTimeout(milliseconds: number): string {
  if (milliseconds < 100_000) {
    // Microseconds hold what is usual and keep what is left of a caller's deadline exact enough.
    const micros = Math.floor(milliseconds * 1000);
    return micros < 1 ? "1n" : `${micros}u`;
  }
  if (milliseconds < 1e8) return `${Math.floor(milliseconds)}m`;
  if (milliseconds < 1e11) return `${Math.floor(milliseconds / 1000)}S`;
  return `${Math.min(Math.floor(milliseconds / 3_600_000), 99_999_999)}H`;
}
