import { GrpcServer, type GrpcServerOptions } from "@kratos-ts/runtime/grpc";
import { HttpServer, type HttpServerOptions } from "@kratos-ts/runtime/http";
import { silentLogger } from "@kratos-ts/runtime/log";
import { type InMemoryService, startInMemory } from "@kratos-ts/runtime/testing";
import { onTestFinished } from "vitest";
import {
  createRoomsGrpcClient,
  registerRoomsGrpcServer,
  type RoomsGrpcClient,
  type RoomsGrpcServer,
} from "../../../fixtures/golden/http-streams/want/api/rooms/v1/rooms_grpc.ts";
import {
  createRoomsHttpClient,
  registerRoomsHttpServer,
  type RoomsHttpClient,
} from "../../../fixtures/golden/http-streams/want/api/rooms/v1/rooms_http.ts";

/** What both transports have. */
export type RoomsClient = RoomsHttpClient & Partial<Pick<RoomsGrpcClient, "whisper">>;

/** A service in memory, and a client of it for each transport. */
export interface InMemoryRooms {
  readonly service: InMemoryService;
  readonly http: RoomsClient;
  readonly grpc: RoomsClient;
}

const unserved = (): never => {
  throw new Error("the test does not serve this");
};

/** Starts a service with all kinds of methods until the test has finished. */
export async function startRooms(
  implementation: Partial<RoomsGrpcServer>,
  options: HttpServerOptions & GrpcServerOptions = {},
  stopTimeout?: number,
): Promise<InMemoryRooms> {
  const rooms = {
    open: unserved,
    listen: unserved,
    dictate: unserved,
    talk: unserved,
    whisper: unserved,
    ...implementation,
  };
  const http = new HttpServer({ logger: silentLogger, ...options });
  registerRoomsHttpServer(http, rooms);
  const grpc = new GrpcServer({ logger: silentLogger, ...options });
  registerRoomsGrpcServer(grpc, rooms);
  const service = await startInMemory({ http, grpc, stopTimeout });
  onTestFinished(() => service.close());
  return {
    service,
    http: createRoomsHttpClient(service.httpClient()),
    grpc: createRoomsGrpcClient(service.grpcClient()),
  };
}

/** The items of a stream, once it has ended. */
export async function collect<T>(stream: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of stream) items.push(item);
  return items;
}

/** A stream of these items. */
export async function* each<T>(...items: readonly T[]): AsyncGenerator<T> {
  yield* items;
}
