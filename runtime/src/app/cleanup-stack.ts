import type { Awaitable } from "../middleware/middleware.ts";
import { throwFailures } from "./throw-failures.ts";

/**
 * Undoes what was done, last things first: the closing side of a composition root.
 *
 * ```ts
 * const cleanup = new CleanupStack();
 * try {
 *   const data = await newData(config);
 *   cleanup.add(() => data.dispose());
 *   …
 *   return { app, dispose: () => cleanup.run() };
 * } catch (error) {
 *   await cleanup.run();
 *   throw error;
 * }
 * ```
 */
export class CleanupStack {
  readonly #steps: (() => Awaitable<void>)[] = [];

  /** Adds a step that runs before those that are there. */
  add(step: () => Awaitable<void>): void {
    this.#steps.push(step);
  }

  /**
   * Runs every step once, one after the other, also when some fail. Throws the failure, or an
   * `AggregateError` when there are several. A further call finds nothing to do.
   */
  async run(): Promise<void> {
    const failures: unknown[] = [];
    for (let step = this.#steps.pop(); step !== undefined; step = this.#steps.pop()) {
      try {
        await step(); // oxlint-disable-line no-await-in-loop -- the order is the point
      } catch (error) {
        failures.push(error);
      }
    }
    throwFailures("cleaning up", failures);
  }
}
