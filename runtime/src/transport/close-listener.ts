import type { Server } from "node:net";

/** How many turns of the event loop to wait for a moment without new connections. */
const maxTurns = 64;

/**
 * Stops listening at a moment when no connection waits to be accepted: the kernel resets those that do, and
 * with them requests that are on their way. A turn of the event loop accepts all that wait, so after a turn
 * that brought none the queue is empty but for the last microseconds. Connections that are open stay so.
 * `close` is what stops `listener`; it is called at that moment, at once.
 */
export async function closeListener(listener: Server, close: () => void): Promise<void> {
  let accepted = 0;
  const count = (): void => void accepted++;
  listener.on("connection", count);
  for (let turn = 0; turn < maxTurns; turn++) {
    const before = accepted;
    await new Promise((resolve) => setImmediate(resolve));
    if (turn > 0 && accepted === before) break;
  }
  listener.off("connection", count);
  close();
}
