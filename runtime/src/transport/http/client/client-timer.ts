/** The longest delay that `setTimeout` takes, in milliseconds; longer ones it takes for none at all. */
export const maxDelay: number = 2 ** 31 - 1;

/** Whether a time in milliseconds ends: 0, less and infinity mean that there is no limit. */
export function isLimited(timeout: number): boolean {
  return timeout > 0 && Number.isFinite(timeout);
}

/** Calls `expire` after `timeout` milliseconds, or never where there is no limit. */
export function startTimer(
  timeout: number,
  expire: () => void,
): ReturnType<typeof setTimeout> | undefined {
  return isLimited(timeout) ? setTimeout(expire, Math.min(timeout, maxDelay)) : undefined;
}
