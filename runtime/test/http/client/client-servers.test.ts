import {
  type Discovery,
  KratosError,
  MemoryRegistry,
  type ServiceInstance,
} from "@kratos-ts/runtime";
import { HttpClient } from "@kratos-ts/runtime/http";
import { type NodeFilter, versionFilter } from "@kratos-ts/runtime/selector";
import { once } from "node:events";
import { describe, expect, test } from "vitest";
import { createRecordingLogger } from "../../../src/testing/recording-logger.ts";
import { answering, createClient, outcomeOf, routeOf, outcomes } from "./client-setup.ts";
import { appInfo, createTestServer } from "../serve.ts";
import { findClosedPort, RawServer, response } from "../raw-server.ts";

const never = new AbortController().signal;
const patient = { timeout: 20_000 };
const retry = { initialDelay: 1, maxDelay: 2 };

function instance(id: string, endpoints: readonly string[], more: object = {}): ServiceInstance {
  return { id, name: "orders", version: "1", metadata: {}, endpoints, ...more };
}

describe("several servers", () => {
  test("are called in turn", async () => {
    const servers = await Promise.all([1, 2, 3].map(answering));
    const endpoint = `direct:///${servers.map(({ address }) => address).join(",")}`;
    const client = createClient({ endpoint });
    expect((await outcomes(client, 9)).toSorted()).toEqual([1, 1, 1, 2, 2, 2, 3, 3, 3]);
  });

  test("of which one is dead fail no call, and the dead one is left alone", async () => {
    const servers = await Promise.all(Array.from({ length: 9 }, (_, i) => answering(i + 1)));
    const addresses = [
      ...servers.map(({ address }) => address),
      `127.0.0.1:${await findClosedPort()}`,
    ];
    const client = createClient({ endpoint: `direct:///${addresses.join(",")}`, timeout: 10_000 });
    const all = await Promise.all(
      Array.from({ length: 100 }, () => outcomeOf(client, "POST /x body=*")),
    );
    expect(all.filter((outcome) => outcome instanceof KratosError)).toEqual([]);
    for (const server of servers) expect(server.requests.length).toBeGreaterThan(5);
  });

  test("of which one is dead fail no call, however many come at the same time", async () => {
    const live = await answering(2);
    const endpoint = `direct:///127.0.0.1:${await findClosedPort()},${live.address}`;
    const client = createClient({ endpoint });
    const calls = Array.from({ length: 100 }, () => outcomeOf(client, "POST /x body=*"));
    expect((await Promise.all(calls)).filter((outcome) => outcome instanceof KratosError)).toEqual(
      [],
    );
    expect(live.requests).toHaveLength(100);
  });

  test("all dead: few calls are tried at another", async () => {
    const endpoint = `direct:///127.0.0.1:${await findClosedPort()},127.0.0.1:${await findClosedPort()}`;
    const logger = createRecordingLogger();
    const client = createClient({ endpoint, logger });
    const calls = 200;
    expect(new Set(await outcomes(client, calls, "POST /x body=*"))).toEqual(
      new Set(["UNREACHABLE"]),
    );
    const again = logger.records.filter(({ message }) => message === "a call is sent again");
    expect(again.length).toBeLessThan(calls / 4);
  });

  test("of which one dies in the middle of a call: what it had is done by another", async () => {
    const dying = await RawServer.listen((socket) => void socket.destroy());
    const live = await answering(2);
    const client = createClient({ endpoint: `direct:///${dying.address},${live.address}`, retry });
    expect(await outcomes(client, 4)).toEqual([2, 2, 2, 2]);
  });

  test.for(["503 No", "429 Busy"])(
    "of which one answers %s and says when to come back: another is asked at once",
    async (line) => {
      const busy = await RawServer.listen(
        (socket) => void socket.write(response("", line, "Retry-After: 3600\r\n")),
      );
      const live = await answering(2);
      const client = createClient({ endpoint: `direct:///${busy.address},${live.address}` });
      expect(await outcomes(client, 4)).toEqual([2, 2, 2, 2]);
    },
  );

  test("all busy: the call waits when there is none that it has not tried", async () => {
    const busy = () =>
      RawServer.listen((socket) => void socket.write(response("", "503 No", "Retry-After: 0\r\n")));
    const servers = [await busy(), await busy()];
    const endpoint = `direct:///${servers.map(({ address }) => address).join(",")}`;
    const client = createClient({ endpoint, retry: { attempts: 4 } });
    expect(await outcomeOf(client, "GET /x")).toMatchObject({ code: 503 });
    expect(servers.flatMap(({ requests }) => requests)).toHaveLength(4);
    const never = await RawServer.listen(
      (socket) => void socket.write(response("", "503 No", "Retry-After: 3600\r\n")),
    );
    const alone = createClient({ endpoint: `direct:///${never.address}` });
    expect(await outcomeOf(alone, "GET /x")).toMatchObject({ code: 503 });
    expect(never.requests).toHaveLength(1);
  });

  test("that filters leave out are none to go to", async () => {
    const busy = await RawServer.listen(
      (socket) => void socket.write(response("", "503 No", "Retry-After: 3600\r\n")),
    );
    const other = await answering(2);
    const onlyBusy: NodeFilter = (nodes) => nodes.filter(({ address }) => address === busy.address);
    const client = createClient({
      endpoint: `direct:///${busy.address},${other.address}`,
      filters: [onlyBusy],
    });
    expect(await outcomeOf(client, "GET /x")).toMatchObject({ code: 503 });
    expect(other.requests).toEqual([]);
  });

  test("all dead: the reason is told", async () => {
    const client = createClient({
      endpoint: `direct:///127.0.0.1:${await findClosedPort()},127.0.0.1:${await findClosedPort()}`,
    });
    const error = await outcomeOf(client, "GET /x");
    expect(error).toMatchObject({ code: 503, reason: "UNREACHABLE" });
    expect(error).toMatchObject({ message: expect.stringContaining("ECONNREFUSED") as string });
  });

  test("the context names the one that was called", async () => {
    const server = await answering(1);
    let peer = "";
    const client = createClient({
      endpoint: `direct:///${server.address}`,
      middleware: [
        (next) => async (request, context) => {
          const reply = await next(request, context);
          ({ peer } = context);
          return reply;
        },
      ],
    });
    await outcomeOf(client, "GET /x");
    expect(peer).toBe(server.address);
  });
});

describe("discovery", () => {
  test("finds instances by their http endpoint", async () => {
    const registry = new MemoryRegistry();
    const server = await answering(1);
    const endpoints = ["grpc://127.0.0.1:1", `http://${server.address}`];
    await registry.register(instance("a", endpoints), never);
    const client = createClient({ endpoint: "discovery:///orders", discovery: registry });
    expect(await outcomes(client, 2)).toEqual([1, 1]);
  });

  test("without an instance is 503", async () => {
    const discovery = new MemoryRegistry();
    const client = createClient({ endpoint: "discovery:///orders", discovery });
    const error = await outcomeOf(client, "GET /x");
    const message = 'no instance of "discovery:///orders" can be called: the registry has none';
    expect(error).toMatchObject({ code: 503, reason: "NODE_NOT_FOUND", message });
    const server = await answering(1);
    await discovery.register(instance("a", [`http://${server.address}`]), never);
    await expect.poll(() => outcomes(client, 1), patient).toEqual([1]);
  });

  test("that is missing is told at once", () => {
    expect(() => new HttpClient({ endpoint: "discovery:///orders" })).toThrow(
      '"discovery:///orders" needs the option "discovery"',
    );
  });

  test("calls that were given up do not disturb others that wait for the first answer", async () => {
    const server = await answering(7);
    const answered = new AbortController();
    const slow: Discovery = {
      getService: () => Promise.resolve([]),
      async *watch(_name, signal) {
        await once(answered.signal, "abort");
        yield [instance("a", [`http://${server.address}`])];
        await once(signal, "abort");
      },
    };
    const client = createClient({ endpoint: "discovery:///orders", discovery: slow });
    const waiting = outcomes(client, 1);
    const hurried = await outcomeOf(client, "GET /x", { timeout: 20 });
    expect(hurried).toMatchObject({ code: 504 });
    const more = outcomes(client, 1);
    answered.abort();
    expect([await waiting, await more, await outcomes(client, 1)]).toEqual([[7], [7], [7]]);
  });

  test("a call waits for the first answer no longer than it may", async () => {
    const silent = {
      getService: () => Promise.resolve([]),
      async *watch(_: string, signal: AbortSignal) {
        await once(signal, "abort");
        yield [];
      },
    };
    const client = createClient({
      endpoint: "discovery:///orders",
      discovery: silent,
      timeout: 30,
    });
    expect(await outcomeOf(client, "GET /x")).toMatchObject({ code: 504 });
  });

  test("filters choose among versions", async () => {
    const registry = new MemoryRegistry();
    const [old, young] = [await answering(1), await answering(2)];
    await registry.register(instance("a", [`http://${old.address}`]), never);
    const second = instance("b", [`http://${young.address}`], { version: "2" });
    await registry.register(second, never);
    const options = { endpoint: "discovery:///orders", discovery: registry };
    const client = createClient({ ...options, filters: [versionFilter("2")] });
    expect(await outcomes(client, 3)).toEqual([2, 2, 2]);
    const none = createClient({ ...options, filters: [versionFilter("3")] });
    expect(await outcomes(none, 1)).toEqual(["NODE_NOT_FOUND"]);
  });

  test("a rolling replacement of servers that stop in order fails no call at all", async () => {
    const registry = new MemoryRegistry();
    const start = async (id: string) => {
      const server = createTestServer();
      server.handle(routeOf("POST /x body=*"), () => ({ n: 1 }) as never);
      await server.start(appInfo);
      const entry = instance(id, [`http://127.0.0.1:${server.port}`]);
      await registry.register(entry, never);
      return async () => {
        await registry.deregister(entry, never);
        await server.stop(never);
      };
    };
    const running = [await start("0"), await start("1")];
    const options = { endpoint: "discovery:///orders", discovery: registry, timeout: 20_000 };
    const client = createClient(options);
    const stop = new AbortController();
    const failures: unknown[] = [];
    let calls = 0;
    const load = Array.from({ length: 4 }, async () => {
      while (!stop.signal.aborted) {
        const outcome = await outcomeOf(client, "POST /x body=*"); // oxlint-disable-line no-await-in-loop -- one after the other
        if (outcome instanceof KratosError) failures.push(outcome);
        calls += 1;
      }
    });
    for (let round = 2; round < 8; round++) {
      /* oxlint-disable no-await-in-loop -- one after the other */
      running.push(await start(String(round)));
      await running.shift()!();
      /* oxlint-enable no-await-in-loop */
    }
    stop.abort();
    await Promise.all(load);
    expect(failures).toEqual([]);
    expect(calls).toBeGreaterThan(20);
  });

  test("a rolling replacement of all instances fails no call without effects", async () => {
    const registry = new MemoryRegistry();
    const start = async (id: string) => {
      const server = await answering(1);
      const entry = instance(id, [`http://${server.address}`]);
      await registry.register(entry, never);
      return async () => {
        // Dies before it is taken out: the worst order.
        server.die();
        await outcomeOf(client, "GET /x");
        await registry.deregister(entry, never);
      };
    };
    const client = createClient({
      endpoint: "discovery:///orders",
      discovery: registry,
      timeout: 20_000,
    });
    const running = [await start("0"), await start("1"), await start("2")];
    const stop = new AbortController();
    let calls = 0;
    const failures: unknown[] = [];
    const load = Array.from({ length: 4 }, async () => {
      while (!stop.signal.aborted) {
        const outcome = await outcomeOf(client, "GET /x"); // oxlint-disable-line no-await-in-loop -- one after the other
        if (outcome instanceof KratosError) failures.push(outcome);
        calls += 1;
      }
    });
    for (let round = 3; round < 9; round++) {
      /* oxlint-disable no-await-in-loop -- one after the other */
      running.push(await start(String(round)));
      await running.shift()!();
      /* oxlint-enable no-await-in-loop */
    }
    stop.abort();
    await Promise.all(load);
    expect(failures).toEqual([]);
    expect(calls).toBeGreaterThan(20);
  });
});
