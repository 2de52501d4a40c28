/** How long after an abort a step may still take to wind up, in milliseconds. */
const graceTime = 1000;

/**
 * Settles as `work` does, or rejects when `work` is not done a second after `signal` aborted: what ignores
 * its signal must not hold up everything behind it. `what` names the work in that error.
 */
export async function endInTime<T>(
  work: T | Promise<T>,
  signal: AbortSignal,
  what: string,
): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  let onAbort: (() => void) | undefined;
  const tooLate = new Promise<never>((_, reject) => {
    onAbort = () => {
      timer = setTimeout(() => reject(new Error(`${what} did not end in time`)), graceTime);
    };
    if (signal.aborted) onAbort();
    else signal.addEventListener("abort", onAbort, { once: true });
  });
  try {
    return await Promise.race([work, tooLate]);
  } finally {
    clearTimeout(timer);
    if (onAbort !== undefined) signal.removeEventListener("abort", onAbort);
  }
}
