import { GrpcClient, GrpcServer } from "@kratos-ts/runtime/grpc";
import type { GrpcClientOptions, GrpcServerOptions } from "@kratos-ts/runtime/grpc";
import type { CallContext, CallOptions } from "@kratos-ts/runtime/codegenv1";
import { silentLogger } from "@kratos-ts/runtime/log";
import { onTestFinished } from "vitest";
import type { EchoCall, EchoClient, EchoHandlers, PeerCallOptions } from "./echo-peers.ts";
import { Chat, Collect, Echo, Repeat } from "./echo-schema.ts";

/** A made-up service, as `App` would hand it to its servers. */
export const app = { id: "1", name: "test", version: "1", metadata: {}, endpoints: [] };

/** Starts a server on a free port; it stops, cutting off what still runs, when the test ends. */
export async function startServer(
  register: (server: GrpcServer) => void,
  options: GrpcServerOptions = {},
): Promise<{ server: GrpcServer; address: string }> {
  const server = new GrpcServer({ addr: "127.0.0.1:0", logger: silentLogger, ...options });
  register(server);
  await server.start(app);
  onTestFinished(() => server.stop(AbortSignal.abort()));
  return { server, address: `127.0.0.1:${server.port}` };
}

/** A client that is closed when the test ends. */
export function createClient(
  endpoint: string,
  options: Partial<GrpcClientOptions> = {},
): GrpcClient {
  const client = new GrpcClient({ endpoint, ...options });
  onTestFinished(() => client.close());
  return client;
}

/** Registers the handlers that there are. */
export function registerEcho(server: GrpcServer, handlers: EchoHandlers): void {
  const { echo, repeat, collect, chat } = handlers;
  if (echo) server.handle(Echo, (request, context) => echo(request, toCall(context)));
  if (repeat) server.handle(Repeat, (request, context) => repeat(request, toCall(context)));
  if (collect) server.handle(Collect, (requests, context) => collect(requests, toCall(context)));
  if (chat) server.handle(Chat, (requests, context) => chat(requests, toCall(context)));
}

function toCall(context: CallContext): EchoCall {
  return {
    header: (name) => context.requestHeader.get(name),
    reply: (name, value) => context.replyHeader.set(name, value),
    remaining: () => (context.deadline === undefined ? undefined : context.deadline - Date.now()),
    onCancel: (listener) => context.signal.addEventListener("abort", () => listener()),
  };
}

/** The test's service through this project's server. */
export async function startKratosServer(handlers: EchoHandlers): Promise<string> {
  const { address } = await startServer((server) => registerEcho(server, handlers));
  return address;
}

/** The test's service through this project's client. */
export function connectKratos(address: string): EchoClient {
  const client = createClient(address);
  const [echo, repeat] = [client.method(Echo), client.method(Repeat)];
  const [collect, chat] = [client.method(Collect), client.method(Chat)];
  return {
    echo: (request, options) => echo(request, toCallOptions(options)),
    repeat: (request, options) => repeat(request, toCallOptions(options)),
    collect: (requests, options) => collect(requests, toCallOptions(options)),
    chat: (requests, options) => chat(requests, toCallOptions(options)),
  };
}

function toCallOptions({ onHeader, ...options }: PeerCallOptions = {}): CallOptions {
  if (onHeader === undefined) return options;
  return { ...options, onHeader: (header) => onHeader((name) => header.get(name)?.[0]) };
}

/** A server whose `Echo` and `Repeat` give back the text, where `handlers` has nothing else. */
export async function startEcho(handlers: EchoHandlers = {}): Promise<string> {
  const all: EchoHandlers = {
    echo: ({ text }) => ({ text }),
    async *repeat({ text }) {
      yield { text };
    },
    ...handlers,
  };
  const { address } = await startServer((server) => registerEcho(server, all));
  return address;
}
