import { describe, expect, test } from "vitest";
import { Echo, Repeat } from "./echo-schema.ts";
import { startServer } from "./kratos-peer.ts";
import { rawCall, requestFrame } from "./raw-call.ts";

describe("deadlines", () => {
  test("end a unary call that exceeds the server's timeout", async () => {
    let reason: unknown;
    const { address } = await startServer(
      (server) => {
        server.handle(Echo, async (_, { signal }) => {
          await new Promise((resolve) => signal.addEventListener("abort", resolve));
          reason = signal.reason;
          return {};
        });
      },
      { timeout: 30 },
    );
    const reply = await rawCall(address, { chunks: [requestFrame({})] });
    expect(reply.status).toBe("4");
    expect(reason).toMatchObject({ code: 504 });
  });

  test("count the time until the request is whole", async () => {
    const { address } = await startServer((server) => server.handle(Echo, () => ({})), {
      timeout: 30,
    });
    const chunks = [requestFrame({ text: "never whole" }).subarray(0, 8)];
    const reply = await rawCall(address, { chunks, halfOpen: true });
    expect(reply).toMatchObject({ status: "4", rstCode: 0 });
  });

  test("are the earlier one of client and server", async () => {
    const deadlines: (number | undefined)[] = [];
    const { address } = await startServer(
      (server) => {
        server.handle(Echo, (_, { deadline }) => {
          deadlines.push(deadline === undefined ? undefined : deadline - Date.now());
          return {};
        });
      },
      { timeout: 5000 },
    );
    const chunks = [requestFrame({})];
    await rawCall(address, { chunks, headers: { "grpc-timeout": "1S" } });
    await rawCall(address, { chunks, headers: { "grpc-timeout": "1H" } });
    await rawCall(address, { chunks });
    expect(deadlines[0]).toBeLessThanOrEqual(1000);
    expect(deadlines[1]).toBeGreaterThan(1000);
    expect(deadlines[1]).toBeLessThanOrEqual(5000);
    expect(deadlines[2]).toBeGreaterThan(1000);
  });

  test("of the server leave streams alone, those of the client do not", async () => {
    const deadlines: (number | undefined)[] = [];
    const { address } = await startServer(
      (server) => {
        server.handle(Repeat, async function* (_, { deadline, signal }) {
          deadlines.push(deadline);
          yield {};
          if (deadline === undefined) return;
          await new Promise((resolve) => signal.addEventListener("abort", resolve));
        });
      },
      { timeout: 1 },
    );
    const call = { path: Repeat.operation, chunks: [requestFrame({})] };
    expect(await rawCall(address, call)).toMatchObject({ status: "0" });
    const reply = await rawCall(address, { ...call, headers: { "grpc-timeout": "30m" } });
    expect(reply.status).toBe("4");
    expect(reply.body).toHaveLength(5);
    expect(deadlines).toEqual([undefined, expect.any(Number)]);
  });

  test("are off with a timeout of 0", async () => {
    let deadline: number | undefined = 0;
    const { address } = await startServer(
      (server) => {
        server.handle(Echo, (_, context) => {
          deadline = context.deadline;
          return {};
        });
      },
      { timeout: 0 },
    );
    await rawCall(address, { chunks: [requestFrame({})] });
    expect(deadline).toBeUndefined();
  });
});
