import type { Logger } from "./logger.ts";

/** Writes nothing. What servers and clients use when they are given no logger. */
export const silentLogger: Logger = Object.freeze<Logger>({
  get level() {
    return "silent";
  },
  set level(_) {
    // There is nothing to turn up.
  },
  trace: ignore,
  debug: ignore,
  info: ignore,
  warn: ignore,
  error: ignore,
  fatal: ignore,
  child: () => silentLogger,
});

function ignore(): void {}
