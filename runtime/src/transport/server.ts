import type { AppInfo } from "../app/app-info.ts";

/** Something that an `App` starts and stops: a transport, a consumer, a scheduler. */
export interface Server {
  /**
   * Begins to serve; resolves once requests are accepted, rejects when that is impossible
   * (a `CliError`-like message that names the address, for a port in use).
   */
  start(app: AppInfo): Promise<void>;
  /**
   * The app is about to stop: whoever asks is told to call others from now on. What comes is served until
   * {@link stop}. Servers that nobody can ask leave it out.
   */
  announceStop?(): void;
  /**
   * Ends: accepts nothing new, lets what is running finish. When `signal` aborts, cuts the rest off.
   * Safe to call more than once and before `start`.
   */
  stop(signal: AbortSignal): Promise<void>;
  /**
   * The URL under which others reach this server, such as `http://10.0.0.7:8000`. Opens the listener
   * when that has not happened. Servers without one (a queue consumer) leave it out.
   */
  endpoint?(): Promise<URL>;
}
