import type { MessageInitShape } from "@bufbuild/protobuf";
import type {
  Awaitable,
  CallByKind,
  CallContext,
  CallOptions,
  HandlerByKind,
  HttpRoute,
} from "@kratos-ts/runtime/codegenv1";
import { HttpClient, HttpServer } from "@kratos-ts/runtime/http";
import { expectTypeOf, test } from "vitest";
import {
  type RoomsHttpClient,
  type RoomsHttpServer,
  RoomsDictateRoute,
  RoomsListenRoute,
  RoomsOpenRoute,
  RoomsTalkRoute,
} from "../../../../fixtures/golden/http-streams/want/api/rooms/v1/rooms_http.ts";
import type {
  Line,
  LineSchema,
  Room,
  RoomSchema,
  Summary,
  SummarySchema,
} from "../../../../fixtures/golden/http-streams/want/api/rooms/v1/rooms_pb.ts";

type LineInit = MessageInitShape<typeof LineSchema>;

test("generated servers take and return what their kind says", () => {
  expectTypeOf<RoomsHttpServer["open"]>().toEqualTypeOf<
    (request: Room, context: CallContext) => Awaitable<MessageInitShape<typeof RoomSchema>>
  >();
  expectTypeOf<RoomsHttpServer["listen"]>().toEqualTypeOf<
    (request: Room, context: CallContext) => AsyncIterable<LineInit>
  >();
  expectTypeOf<RoomsHttpServer["dictate"]>().toEqualTypeOf<
    (
      requests: AsyncIterable<Line>,
      context: CallContext,
    ) => Awaitable<MessageInitShape<typeof SummarySchema>>
  >();
  expectTypeOf<RoomsHttpServer["talk"]>().toEqualTypeOf<
    (requests: AsyncIterable<Line>, context: CallContext) => AsyncIterable<LineInit>
  >();
});

test("generated clients return what their kind says", () => {
  expectTypeOf<RoomsHttpClient["listen"]>().toEqualTypeOf<
    (request: MessageInitShape<typeof RoomSchema>, options?: CallOptions) => AsyncIterable<Line>
  >();
  expectTypeOf<RoomsHttpClient["dictate"]>().toEqualTypeOf<
    (requests: AsyncIterable<LineInit>, options?: CallOptions) => Promise<Summary>
  >();
  expectTypeOf<RoomsHttpClient["talk"]>().toEqualTypeOf<
    (requests: AsyncIterable<LineInit>, options?: CallOptions) => AsyncIterable<Line>
  >();
});

test("routes decide about the calls and handlers that belong to them", () => {
  const client = new HttpClient({ endpoint: "127.0.0.1:1" });
  const server = new HttpServer();
  expectTypeOf(client.method(RoomsOpenRoute)).toEqualTypeOf<
    CallByKind<typeof RoomSchema, typeof RoomSchema>["unary"]
  >();
  expectTypeOf(client.method(RoomsListenRoute)).toEqualTypeOf<RoomsHttpClient["listen"]>();
  expectTypeOf(client.method(RoomsTalkRoute)).toEqualTypeOf<RoomsHttpClient["talk"]>();
  expectTypeOf<HandlerByKind<typeof LineSchema, typeof SummarySchema>["clientStreaming"]>() //
    .toEqualTypeOf<RoomsHttpServer["dictate"]>();
  server.handle(RoomsDictateRoute, (requests) => {
    expectTypeOf(requests).toEqualTypeOf<AsyncIterable<Line>>();
    return {};
  });
  // @ts-expect-error -- a handler of another kind
  server.handle(RoomsListenRoute, async () => ({ text: "" }));
});

test("a route that names no kind is unary", () => {
  expectTypeOf<HttpRoute<typeof RoomSchema, typeof LineSchema>["kind"]>().toEqualTypeOf<
    "unary" | undefined
  >();
});
