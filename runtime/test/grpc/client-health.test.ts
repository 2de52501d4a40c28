import type { GrpcServer } from "@kratos-ts/runtime/grpc";
import { describe, expect, test } from "vitest";
import { Echo } from "./echo-schema.ts";
import { startGrpcJsServer } from "./grpc-js-peer.ts";
import { createClient, startServer } from "./kratos-peer.ts";
import { startRawServer } from "./raw-server.ts";

function startNamed(text: string): Promise<{ server: GrpcServer; address: string }> {
  return startServer((server) => server.handle(Echo, () => ({ text })));
}

describe("the health of servers", () => {
  test("keeps calls from those that do not serve, until they do", async () => {
    const [sick, well] = [await startNamed("sick"), await startNamed("well")];
    sick.server.health.setServing("", false);
    const echo = createClient(`direct:///${sick.address},${well.address}`).method(Echo);
    for (let i = 0; i < 20; i++) expect(await echo({})).toMatchObject({ text: "well" });
    sick.server.health.setServing("", true);
    await expect.poll(async () => (await echo({})).text).toBe("sick");
    well.server.health.setServing("", false);
    await expect
      .poll(async () => {
        const texts = await Promise.all([echo({}), echo({}), echo({})]);
        return texts.map(({ text }) => text);
      })
      .toEqual(["sick", "sick", "sick"]);
  });

  test("fails calls where none serves, and says so", async () => {
    const { server, address } = await startNamed("sick");
    server.health.setServing("", false);
    const echo = createClient(address, { healthCheck: true }).method(Echo);
    await expect(echo({})).rejects.toMatchObject({
      code: 503,
      message: expect.stringContaining("it does not serve"),
    });
    const waiting = echo({}, { waitForReady: true });
    server.health.setServing("", true);
    expect(await waiting).toMatchObject({ text: "sick" });
  });

  test("does not matter where it is not asked for, as with one server", async () => {
    const { server, address } = await startNamed("sick");
    server.health.setServing("", false);
    expect(await createClient(address).method(Echo)({})).toMatchObject({ text: "sick" });
    const several = createClient(`direct:///${address}`, { healthCheck: false });
    expect(await several.method(Echo)({})).toMatchObject({ text: "sick" });
  });

  test("of a server without that service is good", async () => {
    const address = await startGrpcJsServer({ echo: () => ({ text: "simple" }) });
    const echo = createClient(`direct:///${address}`).method(Echo);
    expect(await echo({})).toMatchObject({ text: "simple" });
  });

  test("of a server that answers nonsense is bad", async () => {
    const address = await startRawServer((stream) => stream.close(2));
    const echo = createClient(`direct:///${address}`).method(Echo);
    await expect(echo({})).rejects.toMatchObject({ code: 503, reason: "UNREACHABLE" });
  });

  test("that is not told keeps calls waiting, and errors say so", async () => {
    const address = await startRawServer(() => {});
    const echo = createClient(`direct:///${address}`).method(Echo);
    await expect(echo({}, { timeout: 200 })).rejects.toMatchObject({
      code: 504,
      message: expect.stringContaining("has not said yet whether it serves"),
    });
  });
});
