import type { Middleware } from "@kratos-ts/runtime";
import { HttpClient, type HttpClientOptions } from "@kratos-ts/runtime/http";
import { describe, expect, test } from "vitest";
import { createClient, routeOf } from "./client-setup.ts";
import { appInfo, createTestServer } from "../serve.ts";

interface Seen {
  readonly encoding: string | undefined;
  readonly size: number;
  readonly id: string;
}

/** Sends a message to a server of this package, and returns what that saw. */
async function send(
  options: Partial<HttpClientOptions>,
  message: object,
  rule = "POST /x body=*",
  headers: Readonly<Record<string, string>> = {},
): Promise<Seen> {
  const server = createTestServer();
  let seen: Seen | undefined;
  server.handle(routeOf(rule), (request, { requestHeader }) => {
    seen = {
      encoding: requestHeader.get("content-encoding"),
      size: Number(requestHeader.get("content-length")),
      id: (request as never as { id: string }).id,
    };
    return {};
  });
  await server.start(appInfo);
  const client = createClient({ endpoint: `127.0.0.1:${server.port}`, ...options });
  await client.method(routeOf(rule))(message as never, { headers });
  return seen!;
}

const long = "é".repeat(2000);
const longer = "é".repeat(100_000);

describe("messages", () => {
  test.for<[what: string, options: Partial<HttpClientOptions>, id: string]>([
    ["as JSON", {}, long],
    ["as JSON, larger ones beside the event loop", {}, longer],
    ["in binary", { format: "proto" }, longer],
    ["by fetch", { fetch: globalThis.fetch }, long],
  ])("are sent with gzip where that is asked for: %s", async ([, options, id]) => {
    const seen = await send({ compression: true, ...options }, { id });
    expect(seen).toMatchObject({ encoding: "gzip", id });
    expect(seen.size).toBeLessThan(1000);
  });

  test.for<[what: string, options: Partial<HttpClientOptions>, id: string]>([
    ["by default", {}, long],
    ["when they are small", { compression: true }, "x".repeat(1000)],
    ["below the threshold", { compression: { threshold: 5000 } }, long.slice(0, 1000)],
  ])("are sent as they are %s", async ([, options, id]) => {
    expect(await send(options, { id })).toMatchObject({ encoding: undefined, id });
  });

  test("are compressed anew when middleware repeats the call", async () => {
    const twice: Middleware = (next) => async (request, context) => {
      await next(request, context);
      return next(request, context);
    };
    const seen = await send({ compression: true, middleware: [twice] }, { id: long });
    expect(seen).toMatchObject({ encoding: "gzip", id: long });
  });

  test("are smaller at a higher level", async () => {
    const id = Array.from({ length: 2000 }, (_, i) => i * i).join();
    const [fast, small] = [
      await send({ compression: { level: 1 } }, { id }),
      await send({ compression: { level: 9 } }, { id }),
    ];
    expect(small.size).toBeLessThan(fast.size);
  });
});

test("what the caller has made itself is sent as it is", async () => {
  const file = { contentType: "image/png", data: new Uint8Array(5000) };
  const raw = await send({ compression: true }, { file }, "POST /x body=file");
  expect(raw).toMatchObject({ encoding: undefined, size: 5000 });
  const headers = { "content-encoding": "identity" };
  const own = await send({ compression: true }, { id: long }, "POST /x body=*", headers);
  expect(own).toMatchObject({ encoding: "identity", id: long });
});

test.for([0, 10, 1.5, Number.NaN])("%d is no level", (level) => {
  const create = () => new HttpClient({ endpoint: "127.0.0.1:1", compression: { level } });
  expect(create).toThrow(`compression level "${level}" must be a whole number from 1 to 9`);
});
