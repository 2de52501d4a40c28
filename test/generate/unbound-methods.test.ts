import { HttpClient, HttpServer } from "@kratos-ts/runtime/http";
import { silentLogger } from "@kratos-ts/runtime/log";
import { expect, onTestFinished, test } from "vitest";
import {
  createDeskHttpClient,
  createDrawerHttpClient,
  registerDeskHttpServer,
  registerDrawerHttpServer,
} from "../../fixtures/golden/unbound-methods/want/api/desk/v1/desk_http.ts";
import { generateFiles } from "../../src/generate/index.ts";
import { greeter, makeProject, readProject } from "./project-files.ts";

const app = { id: "1", name: "test", version: "1", metadata: {}, endpoints: [] };

test("a generated client reaches methods without a rule, of every kind", async () => {
  const caller = new HttpClient({ endpoint: (await serveDesk()).href });
  onTestFinished(() => caller.close());
  const desk = createDeskHttpClient(caller);

  expect(await desk.look({ title: "a" })).toMatchObject({ title: "a", lines: ["looked"] });
  expect(await desk.write({ title: "b", lines: ["1", "2"] })).toMatchObject({ lines: ["1", "2"] });
  expect(await titles(desk.read({ lines: ["c", "d"] }))).toEqual(["c", "d"]);
  expect(await desk.file(notes("e", "f", "g"))).toMatchObject({ notes: 3 });
  expect(await titles(desk.discuss(notes("h", "i")))).toEqual(["re: h", "re: i"]);
  expect(await createDrawerHttpClient(caller).empty({ notes: 7 })).toMatchObject({ notes: 0 });
});

test.for<[request: string, body: string | undefined, reply: string]>([
  ["POST /desk.v1.Desk/Write", '{"title":"a"}', '200 {"title":"a","lines":[]}'],
  ["POST /desk.v1.Desk/Write?title=b", '{"title":"a"}', '200 {"title":"a","lines":[]}'],
  ["POST /desk.v1.Desk/Write", undefined, '200 {"title":"","lines":[]}'],
  ["POST /desk.v1.Drawer/Empty", '{"notes":3}', '200 {"notes":0}'],
  [
    "POST /desk.v1.Desk/Read",
    '{"lines":["a","b"]}',
    '200 {"title":"a","lines":[]}\n{"title":"b","lines":[]}\n',
  ],
  ["POST /desk.v1.Desk/File", '{"title":"a"}\n{"title":"b"}\n', '200 {"notes":2}'],
])("answers %s %o with %s", async ([request, body, reply]) => {
  expect(await send(await serveDesk(), request, body)).toBe(reply);
});

test.for([
  ["GET /desk.v1.Desk/Write", 405],
  ["POST /desk.v1.desk/Write", 404],
  // It has a rule, which is the only way to it.
  ["POST /desk.v1.Desk/Look", 404],
  ["POST /desk.v1.Desk/Discuss", 426],
] as const)("answers %s with %i", async ([request, status]) => {
  const reply = await send(
    await serveDesk(),
    request,
    request.startsWith("GET") ? undefined : "{}",
  );

  expect(reply.slice(0, 3)).toBe(String(status));
});

const unbound = greeter().replace(/\{\n *option .*\n *\}/, ";");

test("nothing is served over HTTP of a file without rules, unless the project asks for it", async () => {
  const root = await makeProject({ "api/a/v1/a.proto": unbound, "kratos.yaml": "http: {}\n" });
  expect((await generateFiles({ root, paths: [] })).written).toEqual([
    "api/a/v1/a_grpc.ts",
    "api/a/v1/a_pb.ts",
  ]);

  const asking = await makeProject({
    "api/a/v1/a.proto": unbound,
    "kratos.yaml": "http: {unboundMethods: true}\n",
  });
  const { written } = await generateFiles({ root: asking, paths: [] });
  expect(written).toEqual([
    "api/a/v1/a_grpc.ts",
    "api/a/v1/a_http.ts",
    "api/a/v1/a_openapi.yaml",
    "api/a/v1/a_pb.ts",
  ]);
  expect(readProject(asking)["api/a/v1/a_http.ts"]).toContain(
    '{ method: "POST", path: "/greeter.v1.Greeter/Hello", body: "*" },',
  );
});

async function serveDesk(): Promise<URL> {
  const server = new HttpServer({ addr: "127.0.0.1:0", logger: silentLogger });
  registerDeskHttpServer(server, {
    look: ({ title }) => ({ title, lines: ["looked"] }),
    write: (note) => note,
    async *read({ lines }) {
      for (const title of lines) yield { title };
    },
    file: async (requests) => ({ notes: (await titles(requests)).length }),
    async *discuss(requests) {
      for await (const { title } of requests) yield { title: `re: ${title}` };
    },
  });
  registerDrawerHttpServer(server, { empty: () => ({}) });
  await server.start(app);
  onTestFinished(() => server.stop(AbortSignal.timeout(5000)));
  return server.endpoint();
}

async function send(endpoint: URL, request: string, body: string | undefined): Promise<string> {
  const [method = "", target = ""] = request.split(" ");
  const response = await fetch(new URL(target, endpoint), {
    method,
    ...(body !== undefined && { body, headers: { "content-type": "application/json" } }),
  });
  return `${response.status} ${await response.text()}`;
}

async function* notes(...found: readonly string[]) {
  for (const title of found) yield { title };
}

async function titles(from: AsyncIterable<{ readonly title: string }>): Promise<string[]> {
  const found: string[] = [];
  for await (const { title } of from) found.push(title);
  return found;
}
