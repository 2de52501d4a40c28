/** How long to wait before a step is tried again. */
export interface BackoffOptions {
  /** The longest wait before the first repetition, in milliseconds; doubled for each one more. */
  readonly initial: number;
  /** What the longest wait grows to at most, in milliseconds. */
  readonly max: number;
}

/**
 * Milliseconds to wait before repetition `attempt` (1 for the first): anything from 0 to a limit that doubles,
 * so that many who failed at the same time do not come back at the same time.
 * https://aws.amazon.com/builders-library/timeouts-retries-and-backoff-with-jitter/
 */
export function backoffDelay(
  { initial, max }: BackoffOptions,
  attempt: number,
  random: () => number = Math.random,
): number {
  return random() * Math.min(max, initial * 2 ** Math.min(attempt - 1, 30));
}
