import type {
  EngineObserver,
  ServerEngineOptions,
} from "../../src/transport/http2/server-engine.ts";

/** Takes note of nothing. */
export const deafObserver: EngineObserver = {
  onCertificate() {},
  onHandshakeError() {},
  onConnection() {},
  onConnectionClosed() {},
  onGoaway() {},
  onLimit() {},
};

/** Options of an engine as `GrpcServer` has them by default, but for fewer streams, and pings at any time. */
export const engineOptions: ServerEngineOptions = {
  tls: undefined,
  observer: deafObserver,
  maxConcurrentStreams: 100,
  maxMetadataBytes: 64 * 1024,
  maxConnectionIdle: 0,
  maxConnectionAge: 0,
  maxConnectionAgeGrace: 0,
  // Tests ping to see what was dealt with.
  keepalive: { time: 7_200_000, timeout: 20_000, minTime: 0, permitWithoutStream: true },
};
