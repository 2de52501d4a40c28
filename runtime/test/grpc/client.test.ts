import type { Middleware } from "@kratos-ts/runtime";
import { KratosError } from "@kratos-ts/runtime";
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, onTestFinished, test } from "vitest";
import { Echo, Repeat } from "./echo-schema.ts";
import { app, createClient, startServer } from "./kratos-peer.ts";

describe("middleware", () => {
  test("runs once per call, from the outside in, and adds headers", async () => {
    const log: string[] = [];
    const middleware = (name: string): Middleware => {
      return (next) => async (request, context) => {
        log.push(`${name} ${context.side} ${context.kind} ${context.operation}`);
        context.requestHeader.add("x-trace", name);
        const reply = await next(request, context);
        log.push(`${name} saw ${context.replyHeader.get("x-reply")}`);
        return reply;
      };
    };
    const { address } = await startServer((server) => {
      server.handle(Echo, (_, context) => {
        context.replyHeader.set("x-reply", "there");
        return { text: context.requestHeader.values("x-trace").join(",") };
      });
    });
    const client = createClient(address, { middleware: [middleware("a"), middleware("b")] });
    expect(await client.method(Echo)({})).toMatchObject({ text: "a,b" });
    expect(log).toEqual([
      `a client grpc ${Echo.operation}`,
      `b client grpc ${Echo.operation}`,
      "b saw there",
      "a saw there",
    ]);
  });

  test("may repeat a call within its deadline", async () => {
    let calls = 0;
    const { address } = await startServer((server) => {
      server.handle(Echo, () => {
        if (++calls < 3) throw new KratosError(503, "BUSY", "later");
        return { count: calls };
      });
    });
    const retry: Middleware = (next) => async (request, context) => {
      for (;;) {
        try {
          return await next(request, context);
        } catch (error) {
          if (context.signal.aborted) throw error;
        }
      }
    };
    const client = createClient(address, { middleware: [retry] });
    expect(await client.method(Echo)({})).toMatchObject({ count: 3 });
    calls = -1_000_000;
    await expect(client.method(Echo)({}, { timeout: 30 })).rejects.toMatchObject({ code: 504 });
  });

  test("that throws fails the call with a KratosError", async () => {
    const cause = new TypeError("bug");
    const broken: Middleware = () => () => {
      throw cause;
    };
    const client = createClient("127.0.0.1:1", { middleware: [broken] });
    await expect(client.method(Echo)({})).rejects.toMatchObject({ name: "KratosError", cause });
    const read = async (): Promise<void> => {
      for await (const _ of client.method(Repeat)({}));
    };
    await expect(read()).rejects.toMatchObject({ name: "KratosError", cause });
  });
});

describe("closing", () => {
  test("ends running calls, and refuses new ones", async () => {
    const { address } = await startServer((server) => {
      server.handle(Echo, () => new Promise(() => undefined));
      server.handle(Repeat, async function* () {
        yield {};
        await new Promise(() => undefined);
      });
    });
    const client = createClient(address);
    const replies = client.method(Repeat)({})[Symbol.asyncIterator]();
    await replies.next();
    const call = client
      .method(Echo)({})
      .catch((error: unknown) => error);
    const next = replies.next().catch((error: unknown) => error);
    client.close();
    client.close();
    const closed = { code: 499, message: "the client is closed" };
    expect(await call).toMatchObject(closed);
    expect(await next).toMatchObject(closed);
    await expect(client.method(Echo)({})).rejects.toMatchObject(closed);
    await expect(client.method(Repeat)({})[Symbol.asyncIterator]().next()).rejects.toMatchObject(
      closed,
    );
  });

  test("lets the process end", async () => {
    const script = `
      import { GrpcClient, GrpcServer } from "@kratos-ts/runtime/grpc";
      import { StringValueSchema } from "@bufbuild/protobuf/wkt";
      const server = new GrpcServer({ addr: "127.0.0.1:0" });
      const method = { operation: "/a.B/C", kind: "unary", input: StringValueSchema, output: StringValueSchema };
      server.handle(method, ({ value }) => ({ value: value + "!" }));
      await server.start(${JSON.stringify(app)});
      const client = new GrpcClient({ endpoint: "127.0.0.1:" + server.port });
      const { value } = await client.method(method)({ value: "done" });
      client.close();
      await server.stop(new AbortController().signal);
      console.log(value);
    `;
    expect(await runScript(script)).toContain("done!");
  });
});

test("10,000 calls leave nothing behind", async () => {
  const { address } = await startServer((server) => {
    server.handle(Echo, async ({ count }) => ({ count }));
  });
  const warnings: Error[] = [];
  const onWarning = (warning: Error): void => void warnings.push(warning);
  process.on("warning", onWarning);
  onTestFinished(() => void process.off("warning", onWarning));
  const echo = createClient(address).method(Echo);
  const handles = (): number => process.getActiveResourcesInfo().length;
  await echo({});
  const before = handles();
  let sum = 0;
  for (let round = 0; round < 100; round++) {
    const replies = await Promise.all(Array.from({ length: 100 }, (_, count) => echo({ count })));
    sum += replies.reduce((total, { count }) => total + count, 0);
  }
  expect(sum).toBe(100 * 4950);
  await expect.poll(handles).toBeLessThanOrEqual(before + 2);
  expect(warnings).toEqual([]);
});

/** What a process prints that runs this to its end. */
async function runScript(script: string): Promise<string> {
  const root = fileURLToPath(new URL("../../..", import.meta.url));
  const source = ["--import", "./scripts/register.js", "--conditions=@kratos-ts/source"];
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [...source, "--input-type=module", "-e", script],
    { cwd: root, timeout: 15_000 },
  );
  return stdout;
}

const scriptClient = (endpoint: string, options: string): string => `
  import { GrpcClient } from "@kratos-ts/runtime/grpc";
  import { EmptySchema } from "@bufbuild/protobuf/wkt";
  const client = new GrpcClient({ endpoint: ${JSON.stringify(endpoint)}, ${options} });
  const method = { operation: "${Echo.operation}", kind: "unary", input: EmptySchema, output: EmptySchema };
  await client.method(method)({}).then(() => console.log("done!"), (error) => console.log(error.message));
`;

describe("a process", () => {
  test("is not held by connections without a call, watched ones included", async () => {
    const { address } = await startServer((server) => server.handle(Echo, () => ({})));
    expect(await runScript(scriptClient(`direct:///${address}`, ""))).toContain("done!");
  });

  test("is held by a call that waits for a server", async () => {
    const script = scriptClient("127.0.0.1:1", "waitForReady: true, timeout: 100");
    expect(await runScript(script)).toContain("took longer than 100 ms");
  });
});
