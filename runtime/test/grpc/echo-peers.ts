import type { EchoReply, EchoRequest } from "./echo-schema.ts";
import type { ReplyInit, RequestInit } from "./grpc-js-echo.ts";

/** Options of one call, the same for every client. */
export interface PeerCallOptions {
  readonly headers?: Readonly<Record<string, string>>;
  readonly timeout?: number;
  readonly signal?: AbortSignal;
  readonly onHeader?: (name: (name: string) => string | undefined) => void;
}

/** A client of the test's service, whoever wrote it. Fails with what {@link fromError} makes of its errors. */
export interface EchoClient {
  echo(request: RequestInit, options?: PeerCallOptions): Promise<EchoReply>;
  repeat(request: RequestInit, options?: PeerCallOptions): AsyncIterable<EchoReply>;
  collect(requests: AsyncIterable<RequestInit>, options?: PeerCallOptions): Promise<EchoReply>;
  chat(requests: AsyncIterable<RequestInit>, options?: PeerCallOptions): AsyncIterable<EchoReply>;
}

/** What a handler knows about its call, whoever serves it. */
export interface EchoCall {
  header(name: string): string | undefined;
  reply(name: string, value: string): void;
  /** Milliseconds that are left; undefined: no limit. */
  remaining(): number | undefined;
  onCancel(listener: () => void): void;
}

/** The test's service, as each test implements it. */
export interface EchoHandlers {
  echo?(request: EchoRequest, call: EchoCall): ReplyInit | Promise<ReplyInit>;
  repeat?(request: EchoRequest, call: EchoCall): AsyncIterable<ReplyInit>;
  collect?(requests: AsyncIterable<EchoRequest>, call: EchoCall): Promise<ReplyInit>;
  chat?(requests: AsyncIterable<EchoRequest>, call: EchoCall): AsyncIterable<ReplyInit>;
}

/** A pair of implementations that have to understand each other. */
export interface EchoPeers {
  readonly name: string;
  startServer(handlers: EchoHandlers): Promise<string>;
  connect(address: string): EchoClient;
}
