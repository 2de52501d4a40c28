import type { ServerHttp2Session } from "node:http2";
import { createServer as createNetServer } from "node:net";
import { describe, expect, onTestFinished, test } from "vitest";
import { Echo } from "./echo-schema.ts";
import { createClient, startServer } from "./kratos-peer.ts";
import { listen, replyFrame, respond, startLossyServer, startRawServer } from "./raw-server.ts";

describe("connections", () => {
  test("that cannot be opened are errors with a cause", async () => {
    const server = createNetServer();
    const address = await listen(server);
    await new Promise((resolve) => server.close(resolve));
    await expect(createClient(address).method(Echo)({})).rejects.toMatchObject({
      code: 503,
      message: expect.stringContaining(address),
      cause: expect.objectContaining({ code: "ECONNREFUSED" }),
    });
  });

  test("to servers that speak something else are errors", async () => {
    const server = createNetServer((socket) => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n"));
    onTestFinished(() => void server.close());
    const address = await listen(server);
    await expect(createClient(address).method(Echo)({})).rejects.toMatchObject({ code: 503 });
  });

  test("that were lost fail the calls on them, and the next call opens another", async () => {
    const sessions: ServerHttp2Session[] = [];
    const { address, hung } = await startLossyServer(sessions);
    const echo = createClient(address).method(Echo);
    expect(await echo({ text: "a" })).toMatchObject({ text: "ok" });
    const hanging = echo({ text: "hang" }).catch((error: unknown) => error);
    await expect.poll(hung).toBe(1);
    sessions[0]?.destroy();
    expect(await hanging).toMatchObject({ code: 503 });
    expect(await echo({ text: "b" })).toMatchObject({ text: "ok" });
    expect(sessions).toHaveLength(2);
  });

  test("that the server closes while idle are replaced unnoticed", async () => {
    const sessions: ServerHttp2Session[] = [];
    const { address } = await startLossyServer(sessions);
    const echo = createClient(address).method(Echo);
    for (let i = 0; i < 5; i++) {
      expect(await echo({ text: "a" })).toMatchObject({ text: "ok" });
      // No wait: the next call races the goodbye.
      sessions.at(-1)?.close();
    }
    expect(sessions).toHaveLength(5);
  });

  test("with a goodbye finish their calls, new calls go elsewhere", async () => {
    const sessions: ServerHttp2Session[] = [];
    const { address, release, hung } = await startLossyServer(sessions);
    const echo = createClient(address).method(Echo);
    const slow = echo({ text: "hang" });
    await expect.poll(hung).toBe(1);
    sessions[0]?.close();
    expect(await echo({ text: "b" })).toMatchObject({ text: "ok" });
    expect(sessions).toHaveLength(2);
    release();
    expect(await slow).toMatchObject({ text: "ok" });
  });

  test("whose server refuses a stream repeat the call once", async () => {
    const attempts: number[] = [];
    const address = await startRawServer((stream, index) => {
      attempts.push(index);
      if (index === 0) stream.close(7);
      else respond(stream, [replyFrame({ text: "second" })], { "grpc-status": "0" });
    });
    expect(await createClient(address).method(Echo)({})).toMatchObject({ text: "second" });
    expect(attempts).toEqual([0, 1]);
  });

  test("whose server always refuses give up", async () => {
    let attempts = 0;
    const address = await startRawServer((stream) => {
      attempts++;
      stream.close(7);
    });
    await expect(createClient(address).method(Echo)({})).rejects.toMatchObject({ code: 503 });
    expect(attempts).toBe(4); // once more at once, then as often as the policy has it
  });

  test("to several addresses are used in turn, without those that fail", async () => {
    const names = ["a", "b", "c"];
    const servers = await Promise.all(
      names.map((text) => startServer((server) => server.handle(Echo, () => ({ text })))),
    );
    const dead = createNetServer();
    const deadAddress = await listen(dead);
    await new Promise((resolve) => dead.close(resolve));
    const addresses = [deadAddress, ...servers.map(({ address }) => address)];
    const echo = createClient(`direct:///${addresses.join(",")}`).method(Echo);
    const seen = new Set<string>();
    await expect
      .poll(async () => {
        seen.add((await echo({})).text);
        return seen.size;
      })
      .toBe(3);
    const turns: string[] = [];
    for (let i = 0; i < 6; i++) turns.push((await echo({})).text);
    expect(turns.slice(0, 3).toSorted()).toEqual(names);
    expect(turns.slice(3)).toEqual(turns.slice(0, 3));
  });
});
