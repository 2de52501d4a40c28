import type { Middleware } from "@kratos-ts/runtime";
import { createContextKey } from "@kratos-ts/runtime";
import { describe, expect, test } from "vitest";
import { Chat, Collect, Echo, Repeat } from "./echo-schema.ts";
import { connectKratos, startServer } from "./kratos-peer.ts";
import { rawCall, requestFrame } from "./raw-call.ts";

describe("middleware", () => {
  const traceKey = createContextKey<string[]>("trace");

  function trace(name: string): Middleware {
    return (next) => async (request, context) => {
      context.set(traceKey, [...(context.get(traceKey) ?? []), name]);
      const reply = await next(request, context);
      context.replyHeader.set("x-trace", (context.get(traceKey) ?? []).join(","));
      return reply;
    };
  }

  test("wraps what its selector matches, the longest prefix before shorter ones", async () => {
    const { address } = await startServer(
      (server) => {
        server.use("/test.*", trace("service"));
        server.use("/test.echo.v1.EchoService/E*", trace("prefix"));
        server.use(Repeat.operation, trace("exact"));
        server.handle(Echo, () => ({}));
        server.handle(Repeat, async function* () {
          yield {};
        });
        server.handle(Collect, () => ({}));
      },
      { middleware: [trace("first"), trace("second")] },
    );
    const traceOf = async (path: string): Promise<unknown> => {
      const reply = await rawCall(address, { path, chunks: [requestFrame({})] });
      return reply.headers["x-trace"];
    };
    expect(await traceOf(Echo.operation)).toBe("first,second,prefix");
    expect(await traceOf(Repeat.operation)).toBe("first,second,exact");
    expect(await traceOf(Collect.operation)).toBe("first,second,service");
  });

  test("runs once per stream, and sees its iterables", async () => {
    let calls = 0;
    const upper: Middleware = (next) => async (request, context) => {
      calls++;
      const replies = (await next(request, context)) as AsyncIterable<{ text: string }>;
      return (async function* () {
        for await (const reply of replies) yield { text: reply.text.toUpperCase() };
      })();
    };
    const { address } = await startServer(
      (server) => {
        server.handle(Chat, async function* (requests) {
          for await (const { text } of requests) yield { text };
        });
      },
      { middleware: [upper] },
    );
    async function* requests(): AsyncIterable<{ text: string }> {
      yield { text: "a" };
      yield { text: "b" };
    }
    const texts: string[] = [];
    for await (const { text } of connectKratos(address).chat(requests())) texts.push(text);
    expect(texts).toEqual(["A", "B"]);
    expect(calls).toBe(1);
  });

  test("turns an error into a reply", async () => {
    const rescue: Middleware = (next) => async (request, context) => {
      try {
        return await next(request, context);
      } catch {
        return { text: "rescued" };
      }
    };
    const { address } = await startServer(
      (server) => {
        server.handle(Echo, () => {
          throw new Error("bug");
        });
      },
      { middleware: [rescue] },
    );
    expect(await connectKratos(address).echo({})).toMatchObject({ text: "rescued" });
  });
});

describe("the context of a call", () => {
  test("knows operation, peer, endpoint and metadata", async () => {
    let seen: unknown;
    const { address, server } = await startServer((router) => {
      router.handle(Echo, (_, context) => {
        seen = {
          side: context.side,
          kind: context.kind,
          operation: context.operation,
          endpoint: context.endpoint,
          peer: context.peer,
          keys: context.requestHeader.keys(),
          values: context.requestHeader.values("X-Many"),
          aborted: context.signal.aborted,
        };
        return {};
      });
    });
    await rawCall(address, {
      headers: { "x-many": ["1", "2, 3"], "user-agent": "raw" },
      chunks: [requestFrame({})],
    });
    expect(seen).toEqual({
      side: "server",
      kind: "grpc",
      operation: Echo.operation,
      endpoint: (await server.endpoint()).href,
      peer: expect.stringMatching(/^127\.0\.0\.1:\d+$/),
      keys: ["x-many", "user-agent"],
      values: ["1", "2, 3"],
      aborted: false,
    });
  });
});
