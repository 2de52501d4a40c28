import type { MessageShape } from "@bufbuild/protobuf";
import { HttpClient } from "@kratos-ts/runtime/http";
import { HttpBodySchema } from "@kratos-ts/runtime/protos/google/api/httpbody_pb.ts";
import { expect, onTestFinished, test } from "vitest";
import type { HttpRoute } from "../../../src/transport/method.ts";
import { appInfo, createTestServer } from "../serve.ts";
import { collect, each } from "./rooms.ts";

type BodyRoute<K extends "serverStreaming" | "bidiStreaming"> = HttpRoute<
  typeof HttpBodySchema,
  typeof HttpBodySchema,
  K
>;

const download: BodyRoute<"serverStreaming"> = {
  operation: "/test.v1.Test/Download",
  kind: "serverStreaming",
  input: HttpBodySchema,
  output: HttpBodySchema,
  bindings: [{ method: "GET", path: "/v1/download" }],
};
const echo: BodyRoute<"bidiStreaming"> = {
  operation: "/test.v1.Test/Echo",
  kind: "bidiStreaming",
  input: HttpBodySchema,
  output: HttpBodySchema,
  bindings: [{ method: "POST", path: "/v1/echo", body: "*" }],
};

/** All that no text can hold, and what would end an event. */
const bytes = Uint8Array.from({ length: 512 }, (_, index) => index % 256);

async function connect(handler: (server: ReturnType<typeof createTestServer>) => void) {
  const server = createTestServer();
  handler(server);
  await server.start(appInfo);
  const client = new HttpClient({ endpoint: `127.0.0.1:${server.port}` });
  onTestFinished(() => client.close());
  return client;
}

function join(bodies: readonly MessageShape<typeof HttpBodySchema>[]): number[] {
  return bodies.flatMap(({ data }) => [...data]);
}

test("bytes stream to a client as they are, with their type", async () => {
  const client = await connect((server) =>
    server.handle(download, async function* () {
      yield { contentType: "image/png", data: bytes };
      yield { data: bytes };
    }),
  );
  const bodies = await collect(client.method(download)({}));
  expect(join(bodies)).toEqual([...bytes, ...bytes]);
  expect(new Set(bodies.map(({ contentType }) => contentType))).toEqual(new Set(["image/png"]));
});

test("bytes go both ways over a WebSocket, with the type of the first", async () => {
  const types: string[] = [];
  const client = await connect((server) =>
    server.handle(echo, async function* (requests) {
      for await (const { contentType, data } of requests) {
        types.push(contentType);
        yield { contentType, data };
      }
    }),
  );
  const requests = each({ contentType: "image/png", data: bytes }, { data: bytes.subarray(1) });
  const bodies = await collect(client.method(echo)(requests));
  expect(bodies.map(({ data }) => [...data])).toEqual([[...bytes], [...bytes.subarray(1)]]);
  expect(types[0]).toBe("image/png");
});
