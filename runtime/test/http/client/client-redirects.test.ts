import type { KratosError } from "@kratos-ts/runtime";
import { RoundRobinBalancer } from "@kratos-ts/runtime/selector";
import { describe, expect, test } from "vitest";
import { createClient, outcomeOf } from "./client-setup.ts";
import { findClosedPort, RawServer, response } from "../raw-server.ts";

describe("redirects", () => {
  test("of calls without effects are followed, without secrets for others", async () => {
    const seen: string[] = [];
    const other = await RawServer.listen((socket, request) => {
      seen.push(request);
      socket.write(response('{"n":2}'));
    });
    const server = await RawServer.listen((socket, request) => {
      const target = request.startsWith("GET /x ") ? "/y" : `http://${other.address}/z?a=b`;
      seen.push(request);
      socket.write(response("", "302 Found", `Location: ${target}\r\n`));
    });
    const headers = { Authorization: "secret", Cookie: "secret", "X-A": "1" };
    const client = createClient({ endpoint: server.address, headers });
    expect(await outcomeOf(client, "GET /x")).toMatchObject({ n: 2 });
    expect(seen[1]).toMatch(/^GET \/y /);
    expect(seen[1]).toContain("secret");
    expect(seen[2]).toMatch(/^GET \/z\?a=b /);
    expect(seen[2]).not.toContain("secret");
    expect(seen[2]).toMatch(/^x-a: 1\r$/im);
    expect(seen[2]).toMatch(new RegExp(`^host: ${other.address}\r$`, "im"));
  });

  test("to where nobody is are the fault of that place, and not of the server", async () => {
    const gone = `127.0.0.1:${await findClosedPort()}`;
    const servers = await Promise.all(
      [1, 2].map(() =>
        RawServer.listen((socket, request) => {
          const field = `Location: http://${gone}/z\r\n`;
          const away = request.startsWith("GET /away ");
          socket.write(away ? response("", "302 Found", field) : response());
        }),
      ),
    );
    const endpoint = `direct:///${servers.map(({ address }) => address).join(",")}`;
    const client = createClient({ endpoint, retry: false, balancer: new RoundRobinBalancer() });
    const error = await outcomeOf(client, "GET /away");
    expect(error).toMatchObject({ code: 503, reason: "UNREACHABLE" });
    expect((error as KratosError).message).toContain(`"http://${gone}"`);
    for (let i = 0; i < 4; i++) await outcomeOf(client, "GET /x");
    expect(servers.map(({ requests }) => requests.length).toSorted()).toEqual([2, 3]);
  });

  test("in a circle end as an error", async () => {
    const server = await RawServer.listen(
      (socket) => void socket.write(response("", "302 Found", "Location: /x\r\n")),
    );
    const client = createClient({ endpoint: server.address });
    expect(await outcomeOf(client, "GET /x")).toMatchObject({ code: 302, reason: "REDIRECT" });
    expect(server.requests).toHaveLength(6);
  });

  test.for(["file:///etc/passwd", "javascript:1", "//", "http://a b"])(
    "to %s are not followed",
    async (location) => {
      const server = await RawServer.listen(
        (socket) => void socket.write(response("", "302 Found", `Location: ${location}\r\n`)),
      );
      const client = createClient({ endpoint: server.address });
      expect(await outcomeOf(client, "GET /x")).toMatchObject({
        code: 302,
        metadata: { location },
      });
    },
  );
});
