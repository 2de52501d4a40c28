import { type ClientHttp2Stream, connect } from "node:http2";
import { once } from "node:events";
import { expect, onTestFinished, test } from "vitest";
import { Echo } from "./echo-schema.ts";
import { connectKratos, startServer } from "./kratos-peer.ts";
import { requestFrame } from "./raw-call.ts";

/** Takes what there is until the stream closes, well or not. */
function ended(stream: ClientHttp2Stream): Promise<void> {
  return new Promise((resolve) => {
    stream.resume().once("close", resolve);
  });
}

test("replies that nobody takes keep a connection from further calls, and others alone", async () => {
  const large = new Uint8Array(4 * 1024 * 1024);
  const { address } = await startServer((router) => {
    router.handle(Echo, ({ text }) => (text === "large" ? { payload: large } : { text }));
  });
  const session = connect(`http://${address}`);
  onTestFinished(() => session.destroy());
  const call = (text: string): ClientHttp2Stream => {
    const stream = session.request({
      ":method": "POST",
      ":path": "/test.echo.v1.EchoService/Echo",
      "content-type": "application/grpc",
    });
    stream.on("error", () => undefined);
    stream.end(requestFrame({ text }));
    return stream;
  };
  const held = Array.from({ length: 20 }, () => call("large"));
  await Promise.all(held.map((stream) => once(stream, "response")));
  const refused = call("small");
  await ended(refused);
  expect(refused.rstCode).toBe(7); // REFUSED_STREAM: may be tried again
  expect(await connectKratos(address).echo({ text: "me" })).toMatchObject({ text: "me" });
  await Promise.all(held.map(ended));
  expect(held.map(({ rstCode }) => rstCode)).toEqual(held.map(() => 0));
  const taken = call("small");
  await ended(taken);
  expect(taken.rstCode).toBe(0);
});
