/** The same signal within this many milliseconds is one request that came by two ways. */
const echoTime = 500;

/**
 * Calls `onFirst` for the first of `signals` and `onSecond` for the next; a third has its usual effect and
 * ends the process. A signal that comes again at once is not counted: under `npm run`, Ctrl-C reaches a
 * process both from the terminal and from npm.
 */
export function listenForSignals(
  signals: readonly NodeJS.Signals[],
  onFirst: (signal: NodeJS.Signals) => void,
  onSecond: () => void,
): { close(): void } {
  let first: { readonly signal: NodeJS.Signals; readonly time: number } | undefined;
  const listener = (signal: NodeJS.Signals): void => {
    if (first === undefined) {
      first = { signal, time: performance.now() };
      onFirst(signal);
    } else if (first.signal !== signal || performance.now() - first.time > echoTime) {
      close();
      onSecond();
    }
  };
  const close = (): void => {
    for (const signal of signals) process.off(signal, listener);
  };
  for (const signal of signals) process.on(signal, listener);
  return { close };
}
