import type { Logger } from "../../../log/logger.ts";
import { CallTimers } from "../../call-timers.ts";
import { StopSignal } from "../../stop-signal.ts";
import type { CallHost } from "../call/server-call.ts";
import type { CompleteServerOptions } from "./server-options.ts";

/** What the calls of a server need of it, before it knows its endpoint. */
export function createCallHost(options: CompleteServerOptions, logger: Logger): CallHost {
  const { strict, idleTimeout } = options;
  return {
    timers: new CallTimers(options.timeout),
    logger,
    strictBody: strict.body,
    strictAccept: strict.accept,
    formats: options.formats,
    compressor: options.compressor,
    heartbeat: options.heartbeat,
    allowedOrigins: options.allowedOrigins,
    servesRpc: false,
    webSockets: undefined,
    requestIdHeader: options.requestIdHeader,
    envelope: options.envelope,
    endpoint: "",
    stop: new StopSignal(),
    draining: false,
    keepAlive: idleTimeout >= 1000 ? `timeout=${Math.floor(idleTimeout / 1000)}` : "",
  };
}

/** The same for calls over HTTP/2, which says by other means when a connection closes. */
export function toStreamHost(host: CallHost): CallHost {
  return { ...host, keepAlive: "" };
}
