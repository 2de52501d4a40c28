// Loaded into a service before its own code: ends the service once the `kratos-ts run` that started it is
// gone, whatever ended that, so that no service is left behind on its ports.
import { Socket } from "node:net";

/** Names the pipe whose other end only the parent holds; see src/run/child.ts. */
const variable = "KRATOS_TS_LIFELINE";

/** How long the service may take to end before it is killed, in milliseconds. */
const patience = 10_000;

const fd = process.env[variable];
if (fd !== undefined) {
  // Processes and threads that the service starts load this too, and have no such pipe.
  delete process.env[variable];
  const lifeline = new Socket({ fd: Number(fd), readable: true, writable: false });
  lifeline.on("error", () => undefined); // "close" follows
  lifeline.once("close", end);
  lifeline.resume().unref();
}

function end() {
  process.kill(process.pid, "SIGTERM");
  setTimeout(() => process.kill(process.pid, "SIGKILL"), patience).unref();
}
