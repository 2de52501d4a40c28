export type { LoggingOptions } from "./logging.ts";
export { logging } from "./logging.ts";
export type { Awaitable, Handler, Middleware } from "./middleware.ts";
export { chain } from "./middleware.ts";
export type { RecoveryOptions } from "./recovery.ts";
export { recovery } from "./recovery.ts";
export type { CallWatcher } from "./watch-outcome.ts";
export { watchOutcome } from "./watch-outcome.ts";
