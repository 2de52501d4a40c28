import type { StreamSink } from "../../src/transport/http2/engine.ts";
import type {
  ConnectionInfo,
  EngineLimit,
  EngineObserver,
  Http2Engine,
  ServerEngine,
  ServerEngineOptions,
  ServerStream,
} from "../../src/transport/http2/server-engine.ts";
import { HeaderSet } from "../../src/transport/http2/engine.ts";
import type { Http2Limits } from "../../src/transport/http2/stack/limits.ts";
import { http2Engine } from "../../src/transport/http2/stack/server-engine.ts";
import { onTestFinished } from "vitest";
import { engineOptions } from "./engine-options.ts";

export const okHeaders = new HeaderSet([[":status", "200"]]);

/** An engine on a free port, and where that is. It is cut off when the test ends. */
export interface StartedEngine {
  readonly engine: ServerEngine;
  readonly port: number;
}

export function startEngine(
  onStream: (stream: ServerStream) => StreamSink,
  limits: Partial<Http2Limits> = {},
  options: Partial<ServerEngineOptions> = {},
): Promise<StartedEngine> {
  return startAnyEngine(http2Engine(limits), onStream, options);
}

export async function startAnyEngine(
  { createServer }: Http2Engine,
  onStream: (stream: ServerStream) => StreamSink,
  options: Partial<ServerEngineOptions> = {},
): Promise<StartedEngine> {
  const fail = (error: Error): never => {
    throw error;
  };
  const engine = createServer({ ...engineOptions, ...options }, onStream, fail);
  const { port = 0 } = await engine.listen({ host: "127.0.0.1", port: 0 });
  engine.accept();
  onTestFinished(() => engine.shutdown(AbortSignal.abort()));
  return { engine, port };
}

/** What happened to one stream. */
export interface StreamLog {
  readonly stream: ServerStream;
  bytes: number;
  ended: boolean;
  drained: number;
  /** The code of a reset; undefined: there was none. */
  reset: number | undefined;
  cause: Error | undefined;
}

/** A sink that writes everything down. */
export class LogSink implements StreamSink, StreamLog {
  readonly stream: ServerStream;
  bytes = 0;
  ended = false;
  drained = 0;
  reset: number | undefined;
  cause: Error | undefined;
  busy = false;

  constructor(stream: ServerStream) {
    this.stream = stream;
  }

  onData(_bytes: Uint8Array, start: number, end: number): void {
    this.bytes += end - start;
  }

  onEnd(): void {
    this.ended = true;
  }

  onReset(code: number, cause?: Error): void {
    this.reset = code;
    this.cause = cause;
  }

  onDrain(): void {
    this.drained++;
  }
}

/** Takes note of what an engine reports, a line each; addresses are left out. */
export class LogObserver implements EngineObserver {
  readonly lines: string[] = [];

  onCertificate({ subject }: { readonly subject: string }): void {
    this.lines.push(`certificate ${subject}`);
  }

  onHandshakeError(): void {
    this.lines.push("handshake");
  }

  onConnection(): void {
    this.lines.push("connection");
  }

  onConnectionClosed(): void {
    this.lines.push("closed");
  }

  onGoaway(_: ConnectionInfo, sender: string, code: number, reason: string): void {
    this.lines.push(`goaway by ${sender} ${code} ${reason}`.trim());
  }

  onLimit(_: ConnectionInfo, limit: EngineLimit): void {
    this.lines.push(`limit ${limit}`);
  }
}

/** Answers with status 200 and as many bytes as came, once the request is complete. */
export class EchoSink extends LogSink {
  override onEnd(): void {
    super.onEnd();
    this.stream.respond(okHeaders);
    this.stream.end([], new Uint8Array(this.bytes));
  }
}
