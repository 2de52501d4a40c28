// A whole process for the tests about signals: tells on standard output where it is.
import { createServer } from "node:http";
import { App, type Server } from "@kratos-ts/runtime";

const say = (line: string): void => void process.stdout.write(`${line}\n`);
const [, , mode = ""] = process.argv;

const http = createServer((_, response) => {
  say("request");
  process.once("message", () => response.end("late reply"));
});

const server: Server = {
  start: async () => undefined,
  endpoint: () =>
    new Promise((resolve) => {
      http.listen(0, "127.0.0.1", () => {
        const address = http.address();
        const port = typeof address === "object" ? address?.port : 0;
        resolve(new URL(`http://127.0.0.1:${port}`));
      });
    }),
  stop: (signal) =>
    new Promise((resolve) => {
      http.close(() => resolve());
      signal.addEventListener("abort", () => {
        say("cut off");
        http.closeAllConnections();
      });
      say("stopping");
    }),
};

const app = new App({
  name: "signal-app",
  servers: mode === "idle" ? [] : [server],
  afterStart: (info) => say(`started ${info.endpoints.join()}`),
  afterStop: () => say("closed"),
});
await app.run();
if (process.connected) process.disconnect(); // a request that was cut off still listens there
say("end");
