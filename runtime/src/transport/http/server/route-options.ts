import type { JsonOptions } from "../../../codec/index.ts";

/**
 * What `HttpServer.configure` sets for some operations in place of the server's own options. What is
 * `undefined` stays as the server has it.
 */
export interface RouteOptions {
  /** Milliseconds that a unary call may take, its body included. 0: no limit. */
  readonly timeout?: number | undefined;
  /** The largest body that is read, in bytes, before and after decompression. */
  readonly maxBodyBytes?: number | undefined;
  /** How messages become JSON; laid over the server's options, one by one. */
  readonly json?: Partial<JsonOptions> | undefined;
}
