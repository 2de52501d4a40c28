import { create, type DescMessage, type MessageInitShape, toJson } from "@bufbuild/protobuf";
import { HttpBodySchema } from "@kratos-ts/runtime/protos/google/api/httpbody_pb.ts";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { buildSchema } from "../schema.ts";
import { appInfo, createTestServer, parseRule } from "../serve.ts";
import { createClient, createHttp, load, save, savePhotos, yaml } from "./documented.ts";

const R = buildSchema()("test.v1.R");

async function temporaryPath(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "http-content-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  return join(folder, "file");
}

test("docs/http-content.md shows what is tested here", async () => {
  const root = new URL("../../../../", import.meta.url);
  const page = await readFile(new URL("docs/http-content.md", root), "utf8");
  const source = await readFile(fileURLToPath(new URL("documented.ts", import.meta.url)), "utf8");
  const blocks = Array.from(page.matchAll(/```ts\n(.+?)```/gs), ([, block = ""]) => block);
  expect(blocks).toHaveLength(6);
  expect(blocks.filter((block) => !source.includes(block))).toEqual([]);
});

test("the documented codec serves and calls in YAML", async () => {
  const http = createHttp();
  onTestFinished(() => http.stop(AbortSignal.abort()));
  const route = {
    operation: "/test.v1.Test/Echo",
    input: R,
    output: R,
    bindings: [parseRule("POST /v1 body=*")],
  } as const;
  http.handle(route, (message) => message as MessageInitShape<DescMessage>);
  await http.start(appInfo);
  const endpoint = `http://127.0.0.1:${http.port}`;
  const reply = await createClient(endpoint).method(route)({ name: "x", tags: ["a"] });
  expect(toJson(R, reply)).toEqual({ name: "x", tags: ["a"] });
  const response = await fetch(`${endpoint}/v1`, {
    method: "POST",
    headers: { "Content-Type": "text/yaml", Accept: "text/yaml" },
    body: 'name: x\nbig: "9007199254740993"\n',
  });
  expect(response.headers.get("content-type")).toBe("text/yaml");
  expect(await response.text()).toContain("name: x\n");
  expect(yaml.contentTypes).toContain("text/yaml");
});

test("the documented form keeps its photos", async () => {
  const folder = dirname(await temporaryPath());
  const form = new FormData();
  form.append("title", "left out");
  form.append("photo", new Blob(["one"]), "../a.png");
  form.append("photo", new Blob(["two"]), "b.png");
  const sent = new Response(form);
  async function* bodies() {
    const contentType = sent.headers.get("content-type")!;
    yield create(HttpBodySchema, { contentType, data: new Uint8Array(await sent.arrayBuffer()) });
  }
  await savePhotos(bodies(), folder);
  expect(await readFile(join(folder, "1"), "utf8")).toBe("one");
  expect(await readFile(join(folder, "2"), "utf8")).toBe("two");
});

test("the documented handlers keep and send files", async () => {
  const path = await temporaryPath();
  const server = createTestServer();
  server.handle(
    {
      operation: "/test.v1.Test/Upload",
      kind: "clientStreaming",
      input: HttpBodySchema,
      output: R,
      bindings: [parseRule("POST /v1 body=*")],
    },
    async (requests) => {
      await save(requests, path);
      return {};
    },
  );
  server.handle(
    {
      operation: "/test.v1.Test/Download",
      kind: "serverStreaming",
      input: R,
      output: HttpBodySchema,
      bindings: [parseRule("GET /v1")],
    },
    () => load(path),
  );
  await server.start(appInfo);
  const content = Buffer.alloc(1_000_000, "content");
  const url = `http://127.0.0.1:${server.port}/v1`;
  const uploaded = await fetch(url, { method: "POST", body: content });
  expect(uploaded.status).toBe(200);
  expect((await readFile(path)).equals(content)).toBe(true);
  const downloaded = await fetch(url);
  expect(downloaded.headers.get("content-type")).toBe("video/mp4");
  expect(Buffer.from(await downloaded.arrayBuffer()).equals(content)).toBe(true);
});
