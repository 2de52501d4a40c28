import { diagnostics, type DiagnosticsOptions } from "@kratos-ts/runtime/http";
import { expect, test } from "vitest";
import { appInfo, createTestServer, send } from "../serve.ts";

async function serve(options: Partial<DiagnosticsOptions> = {}): Promise<number> {
  const server = createTestServer();
  server.mount(diagnostics({ allow: () => true, ...options }));
  await server.start(appInfo);
  return server.port!;
}

/** What came, as JSON. */
async function get(port: number, path: string): Promise<{ status: number; json: object }> {
  const response = await fetch(`http://127.0.0.1:${port}${path}`);
  return { status: response.status, json: (await response.json()) as object };
}

test("shows the sizes of memory", async () => {
  const { json } = await get(await serve(), "/debug/heap");
  expect(json).toMatchObject({
    process: { rss: expect.any(Number) },
    heap: { used_heap_size: expect.any(Number) },
  });
});

test("shows how late and busy the event loop is", async () => {
  const { json } = await get(await serve(), "/debug/event-loop?seconds=0.05");
  expect(json).toMatchObject({ seconds: 0.05, delayMilliseconds: { p99: expect.any(Number) } });
});

test("counts what keeps the process alive", async () => {
  const { json } = await get(await serve(), "/debug/handles");
  expect(json).toHaveProperty("TCPSocketWrap");
});

test("records where time goes, one recording at a time", async () => {
  const port = await serve();
  const path = "/debug/cpu-profile?seconds=0.3";
  const answers = await Promise.all([get(port, path), get(port, path)]);
  expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 409]);
  const profile = answers.find(({ status }) => status === 200);
  expect(profile?.json).toHaveProperty("nodes");
  expect((await get(port, "/debug/cpu-profile?seconds=0.01")).status).toBe(200);
});

test("can record again after a client has gone away", async () => {
  const port = await serve();
  const controller = new AbortController();
  const path = `http://127.0.0.1:${port}/debug/cpu-profile`;
  const gone = fetch(`${path}?seconds=100`, { signal: controller.signal }).catch(() => "gone");
  let status = 200;
  while (status !== 409) status = (await fetch(`${path}?seconds=0.001`)).status;
  controller.abort();
  expect(await gone).toBe("gone");
  while (status !== 200) status = (await fetch(`${path}?seconds=0.001`)).status;
  expect(status).toBe(200);
});

test("sends what memory holds, as a file", async () => {
  const response = await fetch(`http://127.0.0.1:${await serve()}/debug/heap-snapshot`);
  expect(response.headers.get("content-disposition")).toBe(
    'attachment; filename="heap.heapsnapshot"',
  );
  const reader = response.body!.getReader();
  const { value } = await reader.read();
  expect(Buffer.from(value!).toString("utf8", 0, 12)).toBe('{"snapshot":');
  await reader.cancel();
});

test("lets in whom the guard lets in", async () => {
  const allow: DiagnosticsOptions["allow"] = ({ headers }) => headers["x-token"] === "secret";
  const port = await serve({ allow, prefix: "/internal/debug" });
  expect((await send(port, "GET /internal/debug/heap")).status).toBe(403);
  const headers = { "X-Token": "secret" };
  expect((await send(port, "GET /internal/debug/heap", undefined, headers)).status).toBe(200);
});

test.for(["0", "-1", "301", "x", ""])("refuses to record for %j seconds", async (seconds) => {
  const { status } = await get(await serve(), `/debug/cpu-profile?seconds=${seconds}`);
  expect(status).toBe(400);
});
