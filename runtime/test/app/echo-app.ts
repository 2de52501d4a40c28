// A whole process for the tests about load: an app with both servers and a handler that takes its time.
import { App } from "@kratos-ts/runtime";
import { GrpcServer } from "@kratos-ts/runtime/grpc";
import { HttpServer } from "@kratos-ts/runtime/http";
import { silentLogger } from "@kratos-ts/runtime/log";
import { setTimeout as wait } from "node:timers/promises";
import { Echo, type EchoRequest } from "../grpc/echo-schema.ts";
import { echoRoute } from "./echo-route.ts";

const options = { addr: "127.0.0.1:0", logger: silentLogger };
const http = new HttpServer(options);
const grpc = new GrpcServer(options);
const echo = async ({ text, count }: EchoRequest) => {
  await wait(count % 8);
  return { text, count };
};
http.handle(echoRoute, echo);
grpc.handle(Echo, echo);

const app = new App({
  servers: [http, grpc],
  afterStart: () => void process.send?.({ http: http.port, grpc: grpc.port }),
});
await app.run();
if (process.connected) process.disconnect();
