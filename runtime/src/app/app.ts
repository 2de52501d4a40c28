import { randomUUID } from "node:crypto";
import type { Logger } from "../log/logger.ts";
import { silentLogger } from "../log/silent-logger.ts";
import type { ServiceInstance } from "../registry/registrar.ts";
import { endpointText } from "../transport/listen-address.ts";
import type { AppInfo } from "./app-info.ts";
import {
  type AppHook,
  type AppOptions,
  type AppSettings,
  resolveAppOptions,
} from "./app-options.ts";
import { endInTime } from "./end-in-time.ts";
import { listenForSignals } from "./listen-for-signals.ts";
import { throwFailures } from "./throw-failures.ts";

/**
 * The life of a service (Kratos's `App`): starts the servers, registers, waits for a signal or `stop()`,
 * deregisters and stops the servers.
 *
 * Start: listeners open → `beforeStart` → servers serve → register → `afterStart`.
 * Stop: servers announce it → `beforeStop` → deregister → servers stop → `afterStop`.
 * A start that fails undoes what was done of it. Every hook and step of a stop runs, whatever failed
 * before it; `run()` then rejects with all that failed.
 */
export class App implements AppInfo {
  readonly id: string;
  readonly name: string;
  readonly version: string;
  readonly metadata: Readonly<Record<string, string>>;

  readonly #settings: AppSettings;
  readonly #logger: Logger;
  readonly #stopRequest = new AbortController();
  readonly #force = new AbortController();
  #endpoints: readonly string[] = [];
  #life: Promise<void> | undefined;
  /** How far the start got, which is what a stop has to undo. */
  #reached: "nothing" | "servers" | "registration" = "nothing";

  constructor(options: AppOptions) {
    this.#settings = resolveAppOptions(options);
    this.#logger = options.logger ?? silentLogger;
    this.id = options.id ?? randomUUID();
    this.name = options.name ?? "";
    this.version = options.version ?? "";
    this.metadata = { ...options.metadata };
  }

  /** Known once `run` has asked the servers, which is before the first hook. */
  get endpoints(): readonly string[] {
    return this.#endpoints;
  }

  /**
   * Starts, and resolves when the app has stopped after a signal or `stop()`. A second signal ends all
   * waiting for what still runs. Rejects when something failed on the way in or out, with an
   * `AggregateError` when that was more than one thing. Can be called once.
   */
  async run(): Promise<void> {
    if (this.#life !== undefined) {
      throw new Error("an app runs once, make another one to run again");
    }
    this.#life = this.#live();
    await this.#life;
  }

  /**
   * Ends the app as a signal does, and resolves when it has stopped; what failed is told by `run()`.
   * Before `run()`, it makes `run()` return at once. A hook or a request handler must not wait for it,
   * since it waits for them.
   */
  async stop(): Promise<void> {
    this.#requestStop("stop()");
    await this.#life?.catch(() => undefined);
  }

  async #live(): Promise<void> {
    const signals = listenForSignals(
      this.#settings.signals,
      (signal) => this.#requestStop(signal),
      () => this.#force.abort(new Error("a second signal came")),
    );
    // An app without sockets, or one whose sockets are not open yet, must not end for lack of work.
    const keepAlive = setInterval(() => undefined, 2 ** 30);
    const failures: unknown[] = [];
    try {
      await this.#start(failures);
      if (failures.length === 0) await aborted(this.#stopRequest.signal);
      await this.#stop(failures);
    } finally {
      clearInterval(keepAlive);
      signals.close();
    }
    throwFailures(`app "${this.name}"`, failures);
  }

  #requestStop(by: string): void {
    if (this.#stopRequest.signal.aborted) return;
    this.#logger.info({ ...this.#names(), by }, "app stopping");
    this.#stopRequest.abort(new Error(`${by} asked the app to stop`));
  }

  /** Goes through the steps until one fails or a stop is asked for. */
  async #start(failures: unknown[]): Promise<void> {
    const { servers, beforeStart, afterStart } = this.#settings;
    const { signal } = this.#stopRequest;
    const steps: readonly (() => Promise<void>)[] = [
      () => this.#findEndpoints(signal),
      () => runHooks("beforeStart", beforeStart, this, signal),
      async () => {
        this.#reached = "servers";
        const starts = servers.map((server) => async () => server.start(this));
        await allOrNone("starting servers", starts, signal);
      },
      () => this.#register(signal),
      () => runHooks("afterStart", afterStart, this, signal),
    ];
    if (!signal.aborted) this.#logger.info(this.#names(), "app starting");
    for (const step of steps) {
      if (signal.aborted) return;
      try {
        await step();
      } catch (error) {
        if (!signal.aborted) failures.push(error);
        else this.#logger.warn({ err: error }, "stopped before the start was complete");
        return;
      }
    }
  }

  async #findEndpoints(signal: AbortSignal): Promise<void> {
    const { endpoints, servers } = this.#settings;
    if (endpoints.length > 0) {
      this.#endpoints = endpoints;
      return;
    }
    const urls = servers
      .filter((server) => server.endpoint !== undefined)
      .map((server) => async () => server.endpoint?.());
    const found = await allOrNone("opening listeners", urls, signal);
    this.#endpoints = found.flatMap((url) => (url ? endpointText(url) : []));
  }

  async #register(stop: AbortSignal): Promise<void> {
    const { registrar, registrarTimeout } = this.#settings;
    if (registrar === undefined) return;
    this.#reached = "registration";
    const signal = AbortSignal.any([stop, AbortSignal.timeout(registrarTimeout)]);
    await endInTime(registrar.register(this.#instance(), signal), signal, "registering");
  }

  /** Undoes what was reached of the start; goes on after each failure. */
  async #stop(failures: unknown[]): Promise<void> {
    const { servers, stopTimeout, beforeStop, afterStop } = this.#settings;
    const startFailed = failures.length > 0;
    const signal =
      stopTimeout === 0
        ? this.#force.signal
        : AbortSignal.any([this.#force.signal, AbortSignal.timeout(stopTimeout)]);
    const attempt = async (step: () => Promise<unknown>): Promise<void> => {
      try {
        await step();
      } catch (error) {
        failures.push(error);
      }
    };

    for (const server of servers) await attempt(async () => server.announceStop?.());
    if (this.#reached !== "nothing") {
      for (const hook of beforeStop) {
        await attempt(() => runHooks("beforeStop", [hook], this, signal));
      }
    }
    if (this.#reached === "registration") {
      await attempt(() => this.#deregister(signal, startFailed));
    }
    // Servers whose listener is open need stopping even when they never started, and none minds.
    const stops = servers.toReversed().map(async (server) => server.stop(signal));
    await attempt(() => endInTime(allOf("stopping servers", stops), signal, "stopping servers"));
    for (const hook of afterStop) {
      await attempt(() => runHooks("afterStop", [hook], this, signal));
    }
    this.#logger.info(this.#names(), "app stopped");
  }

  async #deregister(stop: AbortSignal, startFailed: boolean): Promise<void> {
    const { registrar, registrarTimeout } = this.#settings;
    const signal = AbortSignal.any([stop, AbortSignal.timeout(registrarTimeout)]);
    try {
      await endInTime(registrar?.deregister(this.#instance(), signal), signal, "deregistering");
    } catch (error) {
      if (!startFailed) throw error;
      // Perhaps it never registered; why the start failed is what its operator has to see.
      this.#logger.warn({ err: error }, "could not deregister after the start failed");
    }
  }

  #instance(): ServiceInstance {
    const { id, name, version, metadata, endpoints } = this;
    return { id, name, version, metadata, endpoints };
  }

  #names(): Record<string, string> {
    return { id: this.id, name: this.name, version: this.version };
  }
}

async function runHooks(
  point: string,
  hooks: readonly AppHook[],
  app: AppInfo,
  signal: AbortSignal,
): Promise<void> {
  for (const hook of hooks) await endInTime(hook(app, signal), signal, `a ${point} hook`);
}

/**
 * Does all steps at once. As soon as one fails, the others have no longer than after an abort: one that
 * hangs must not keep the failure to itself.
 */
async function allOrNone<T>(
  what: string,
  steps: readonly (() => Promise<T>)[],
  signal: AbortSignal,
): Promise<T[]> {
  const failed = new AbortController();
  let isOver = false;
  const work = steps.map(async (step) => {
    try {
      return await step();
    } catch (error) {
      failed.abort(error);
      throw error;
    }
  });
  const all = allOf(what, work).finally(() => {
    isOver = true;
  });
  try {
    return await endInTime(all, AbortSignal.any([signal, failed.signal]), what);
  } catch (error) {
    throw failed.signal.aborted && !isOver ? failed.signal.reason : error;
  }
}

/** As `Promise.all`, but waits for all and then tells of all that failed. */
async function allOf<T>(what: string, work: readonly (T | Promise<T>)[]): Promise<T[]> {
  const results = await Promise.allSettled(work);
  const failures = results.flatMap((r) => (r.status === "rejected" ? [r.reason as unknown] : []));
  throwFailures(what, failures);
  return results.flatMap((r) => (r.status === "fulfilled" ? [r.value] : []));
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
