import type { Logger } from "../log/logger.ts";
import type { Awaitable } from "../middleware/middleware.ts";
import type { Registrar } from "../registry/registrar.ts";
import type { Server } from "../transport/server.ts";
import type { AppInfo } from "./app-info.ts";

/**
 * Something to do at a point in an app's life. `signal` aborts when the app no longer wants to wait:
 * of start hooks when it is to stop, of stop hooks when the time for stopping is up.
 */
export type AppHook = (app: AppInfo, signal: AbortSignal) => Awaitable<void>;

/** Options of an `App`. Times are in milliseconds. */
export interface AppOptions {
  /** Under which others find this service; needed with a `registrar`. Default: empty. */
  readonly name?: string | undefined;
  /** Default: empty. */
  readonly version?: string | undefined;
  /** Unique among all instances of all services. Default: a random UUID. */
  readonly id?: string | undefined;
  /** Registered as it is. Default: empty. */
  readonly metadata?: Readonly<Record<string, string>> | undefined;
  /** URLs to register in place of those that the servers tell. Default: none. */
  readonly endpoints?: readonly string[] | undefined;
  /** What to start and stop. Default: none. */
  readonly servers?: readonly Server[] | undefined;
  /** Where to register. Default: nowhere. */
  readonly registrar?: Registrar | undefined;
  /** For registering, and again for deregistering. Default: 10 000. */
  readonly registrarTimeout?: number | undefined;
  /**
   * For all of stopping; then requests and streams that still run are cut off. 0: no limit.
   * Default: 30 000.
   */
  readonly stopTimeout?: number | undefined;
  /** Which signals stop the app. Default: SIGTERM, SIGINT and SIGQUIT. */
  readonly signals?: readonly NodeJS.Signals[] | undefined;
  /** Default: silent. */
  readonly logger?: Logger | undefined;
  /** Before the servers serve; their listeners are open, unless `endpoints` are given. */
  readonly beforeStart?: AppHook | readonly AppHook[] | undefined;
  /** Once the servers serve and the app is registered. */
  readonly afterStart?: AppHook | readonly AppHook[] | undefined;
  /** Before the app is deregistered. Not called when the servers have never started. */
  readonly beforeStop?: AppHook | readonly AppHook[] | undefined;
  /** After the servers have stopped, also after a start that failed. */
  readonly afterStop?: AppHook | readonly AppHook[] | undefined;
}

/** {@link AppOptions} with everything filled in. */
export interface AppSettings {
  readonly servers: readonly Server[];
  readonly endpoints: readonly string[];
  readonly registrar: Registrar | undefined;
  readonly registrarTimeout: number;
  readonly stopTimeout: number;
  readonly signals: readonly NodeJS.Signals[];
  readonly beforeStart: readonly AppHook[];
  readonly afterStart: readonly AppHook[];
  readonly beforeStop: readonly AppHook[];
  readonly afterStop: readonly AppHook[];
}

/** Fills in the defaults. Throws a `TypeError` for options that cannot be meant. */
export function resolveAppOptions(options: AppOptions): AppSettings {
  if (options.registrar !== undefined && !options.name) {
    throw new TypeError("an app with a registrar needs a name, under which others find it");
  }
  for (const endpoint of options.endpoints ?? []) {
    // "localhost:8000" alone would parse, as a URL of scheme "localhost".
    if (!URL.canParse(endpoint) || !endpoint.includes("://")) {
      throw new TypeError(
        `endpoint "${endpoint}" is no URL, use one such as "http://10.0.0.7:8000"`,
      );
    }
  }
  return {
    servers: options.servers ?? [],
    endpoints: options.endpoints ?? [],
    registrar: options.registrar,
    registrarTimeout: milliseconds("registrarTimeout", options.registrarTimeout ?? 10_000),
    stopTimeout: milliseconds("stopTimeout", options.stopTimeout ?? 30_000),
    signals: options.signals ?? ["SIGTERM", "SIGINT", "SIGQUIT"],
    beforeStart: [options.beforeStart ?? []].flat(),
    afterStart: [options.afterStart ?? []].flat(),
    beforeStop: [options.beforeStop ?? []].flat(),
    afterStop: [options.afterStop ?? []].flat(),
  };
}

function milliseconds(name: string, value: number): number {
  if (!(value >= 0 && value <= 2 ** 31 - 1)) {
    throw new TypeError(`${name} must be milliseconds from 0 to ${2 ** 31 - 1}, got ${value}`);
  }
  return value;
}
