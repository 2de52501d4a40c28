import { App, type Server } from "@kratos-ts/runtime";
import { silentLogger } from "@kratos-ts/runtime/log";

/** Runs `server` in an app of its own for as long as `use` takes, however that ends. */
export async function whileServing<T>(server: Server, use: () => Promise<T>): Promise<T> {
  const app = new App({ name: "interop", servers: [server], logger: silentLogger, signals: [] });
  const running = app.run();
  try {
    return await use();
  } finally {
    await app.stop();
    await running;
  }
}
