// A whole process for the tests about load: an app with streams that end soon, and streams that do not.
import { App } from "@kratos-ts/runtime";
import { HttpServer } from "@kratos-ts/runtime/http";
import { silentLogger } from "@kratos-ts/runtime/log";
import { setTimeout as wait } from "node:timers/promises";
import {
  type Room,
  type Line,
} from "../../../fixtures/golden/http-streams/want/api/rooms/v1/rooms_pb.ts";
import { registerRoomsHttpServer } from "../../../fixtures/golden/http-streams/want/api/rooms/v1/rooms_http.ts";

const http = new HttpServer({ addr: "127.0.0.1:0", logger: silentLogger });
registerRoomsHttpServer(http, {
  open: ({ name }) => ({ name }),
  async *listen({ name }: Room) {
    const end = name === "long" ? Number.POSITIVE_INFINITY : 5;
    for (let count = 0; count < end; count++) {
      yield { text: `line ${count}` };
      await wait(1);
    }
  },
  async dictate(lines: AsyncIterable<Line>) {
    let count = 0;
    for await (const _ of lines) count++;
    return { lines: count };
  },
  async *talk(lines: AsyncIterable<Line>) {
    let count = 0;
    for await (const line of lines) {
      yield line;
      if (line.room === "short" && ++count === 5) return;
    }
  },
});

const app = new App({
  servers: [http],
  stopTimeout: 500,
  afterStart: () => void process.send?.({ port: http.port }),
});
await app.run();
if (process.connected) process.disconnect();
