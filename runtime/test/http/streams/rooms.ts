import { KratosError } from "@kratos-ts/runtime";
import {
  HttpClient,
  type HttpClientOptions,
  type HttpServer,
  type HttpServerOptions,
} from "@kratos-ts/runtime/http";
import { setTimeout } from "node:timers/promises";
import { onTestFinished } from "vitest";
import {
  createRoomsHttpClient,
  registerRoomsHttpServer,
  type RoomsHttpClient,
  type RoomsHttpServer,
} from "../../../../fixtures/golden/http-streams/want/api/rooms/v1/rooms_http.ts";
import { appInfo, createTestServer } from "../serve.ts";

const unserved = (): never => {
  throw new KratosError(501, "UNSERVED", "the test does not serve this");
};

/** A server of what generated code makes of a service with all kinds of methods, and how to call it. */
export interface Rooms {
  readonly server: HttpServer;
  readonly port: number;
  readonly client: RoomsHttpClient;
  /** A client with other options. */
  connect(options: Partial<HttpClientOptions>): RoomsHttpClient;
}

/** Serves some methods of the service; the server stops when the test has finished. */
export async function serveRooms(
  implementation: Partial<RoomsHttpServer>,
  options: HttpServerOptions = {},
): Promise<Rooms> {
  const server = createTestServer(options);
  registerRoomsHttpServer(server, {
    open: unserved,
    listen: unserved,
    dictate: unserved,
    talk: unserved,
    ...implementation,
  });
  await server.start(appInfo);
  const connect = (clientOptions: Partial<HttpClientOptions>) => {
    const { port } = server;
    const endpoint = port === undefined ? `unix://${options.addr}` : `127.0.0.1:${port}`;
    const caller = new HttpClient({ endpoint, ...clientOptions });
    onTestFinished(() => caller.close());
    return createRoomsHttpClient(caller);
  };
  return { server, port: server.port!, client: connect({}), connect };
}

/** What a call failed with; fails itself when it did not. */
export async function failureOf(call: Promise<unknown>): Promise<KratosError> {
  try {
    await call;
  } catch (error) {
    return error as KratosError;
  }
  throw new Error("the call did not fail");
}

/** All items of an iterable. */
export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

/** An iterable of what is there already. */
export async function* each<T>(...items: readonly T[]): AsyncIterable<T> {
  yield* items;
}

/** Resolves when a number that grows has begun to and grows no more: what is between two sides is full. */
export async function settled(read: () => number): Promise<void> {
  const start = read();
  for (let before = start; ;) {
    await setTimeout(50); // oxlint-disable-line no-await-in-loop -- looks again and again
    const now = read();
    if (now === before && now !== start) return;
    before = now;
  }
}
