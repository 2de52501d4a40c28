import type { ServiceInstance } from "./registrar.ts";

/**
 * The instances of one service as they change: first those that there are, as soon as that is known, then
 * all of them again after every change. It goes on until its signal aborts, or it is left, which lets go of
 * all that it holds; it throws when the registry cannot be read.
 */
export type Watcher = AsyncIterable<readonly ServiceInstance[]>;

/** Finds running instances in a registry (Kratos's `registry.Discovery`). */
export interface Discovery {
  /** All instances of a service now; none is no error. Gives up when `signal` aborts. */
  getService(name: string, signal: AbortSignal): Promise<readonly ServiceInstance[]>;
  /** Ends when `signal` aborts. An async generator is the simplest way to write one. */
  watch(name: string, signal: AbortSignal): Watcher;
}
