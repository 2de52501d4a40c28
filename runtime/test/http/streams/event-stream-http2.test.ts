import { once } from "node:events";
import { connect } from "node:http2";
import { expect, onTestFinished, test } from "vitest";
import { createAuthority } from "../../transport/certificates.ts";
import { createDeferred } from "../../grpc/deferred.ts";
import { serveRooms } from "./rooms.ts";

const authority = createAuthority();

async function open(port: number) {
  const session = connect(`https://127.0.0.1:${port}`, { ca: authority.cert });
  session.on("error", () => undefined);
  onTestFinished(() => session.destroy());
  const stream = session.request({ ":path": "/v1/rooms/a/lines", accept: "text/event-stream" });
  const headers = await new Promise<Record<string, unknown>>((resolve) =>
    stream.on("response", resolve),
  );
  stream.setEncoding("utf8");
  return { session, stream, headers };
}

test("events go over HTTP/2", async () => {
  const { port } = await serveRooms(
    {
      async *listen() {
        yield { text: "one" };
        yield { text: "two" };
      },
    },
    { tls: authority.issue("server") },
  );
  const { stream, headers } = await open(port);
  let text = "";
  for await (const chunk of stream) text += String(chunk);
  expect(headers).toMatchObject({ ":status": 200, "content-type": "text/event-stream" });
  expect(text.split("\n\n")).toHaveLength(3);
});

test("a client that gives up one stream of a connection ends its handler, and no other", async () => {
  const left = createDeferred();
  const go = createDeferred();
  let calls = 0;
  const { port } = await serveRooms(
    {
      async *listen(_request, { signal }) {
        const first = calls++ === 0;
        yield { text: "one" };
        if (first) {
          signal.addEventListener("abort", () => left.resolve());
          await left.promise;
        } else {
          await go.promise;
          yield { text: signal.aborted ? "aborted" : "two" };
        }
      },
    },
    { tls: authority.issue("server") },
  );
  const { session, stream } = await open(port);
  const other = session.request({ ":path": "/v1/rooms/a/lines" });
  other.setEncoding("utf8");
  let text = "";
  const reading = (async () => {
    for await (const chunk of other) text += String(chunk);
  })();
  stream.close();
  await left.promise;
  go.resolve();
  await reading;
  expect(text).toContain('"two"');
});

test("a stream over HTTP/2 goes on while the server stops, until it stops hard", async () => {
  const next = createDeferred();
  const aborted = createDeferred();
  const { server, port } = await serveRooms(
    {
      async *listen(_request, { signal }) {
        signal.addEventListener("abort", () => aborted.resolve());
        yield { text: "before" };
        await next.promise;
        yield { text: "while stopping" };
        await aborted.promise;
      },
    },
    { tls: authority.issue("server") },
  );
  const { stream } = await open(port);
  const hard = new AbortController();
  const stopped = server.stop(hard.signal);
  next.resolve();
  let text = "";
  stream.on("error", () => undefined);
  stream.on("data", (chunk: string) => {
    text += chunk;
    if (text.includes("while stopping")) hard.abort();
  });
  await Promise.all([aborted.promise, stopped, once(stream, "close")]);
  expect(text).toContain("before");
  expect(text).toMatch(/event: error\ndata: .*"SERVER_STOPPED".*\n\n$/);
});
