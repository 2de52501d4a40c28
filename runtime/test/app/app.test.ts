import {
  App,
  type AppHook,
  type AppInfo,
  type AppOptions,
  type Registrar,
  type Server,
  type ServiceInstance,
} from "@kratos-ts/runtime";
import { createLogger } from "@kratos-ts/runtime/log";
import { describe, expect, test } from "vitest";

/** What happened, in order, and servers, hooks and a registrar that write to it. */
class Stage {
  readonly events: string[] = [];
  readonly failAt: ReadonlySet<string>;
  readonly #arrivals = new Map<string, () => void>();

  constructor(...failAt: readonly string[]) {
    this.failAt = new Set(failAt);
  }

  /** Notes the event, or throws where this stage is to fail. */
  mark(event: string): void {
    this.events.push(event);
    this.#arrivals.get(event)?.();
    if (this.failAt.has(event)) throw new Error(`failed: ${event}`);
  }

  arrival(event: string): Promise<void> {
    return new Promise((resolve) => this.#arrivals.set(event, resolve));
  }

  server(name: string, port?: number): Server {
    const server: Server = {
      start: async () => this.mark(`${name} start`),
      stop: async () => this.mark(`${name} stop`),
    };
    if (port === undefined) return server;
    return {
      ...server,
      endpoint: async () => {
        this.mark(`${name} endpoint`);
        return new URL(`${name}://10.0.0.7:${port}`);
      },
    };
  }

  hook(name: string): AppHook {
    return () => this.mark(name);
  }

  registrar(): Registrar {
    return {
      register: async () => this.mark("register"),
      deregister: async () => this.mark("deregister"),
    };
  }

  app(options: Partial<AppOptions> = {}): App {
    return new App({
      name: "order-service",
      version: "v1",
      servers: [this.server("http", 80), this.server("grpc", 9000)],
      registrar: this.registrar(),
      signals: [],
      beforeStart: this.hook("beforeStart"),
      afterStart: this.hook("afterStart"),
      beforeStop: this.hook("beforeStop"),
      afterStop: this.hook("afterStop"),
      ...options,
    });
  }
}

const wholeStart = [
  "http endpoint",
  "grpc endpoint",
  "beforeStart",
  "http start",
  "grpc start",
  "register",
  "afterStart",
];
const wholeStop = ["beforeStop", "deregister", "grpc stop", "http stop", "afterStop"];

async function runUntilStarted(stage: Stage, app: App): Promise<{ readonly end: Promise<void> }> {
  const started = stage.arrival("afterStart");
  const end = app.run();
  await Promise.race([started, end]);
  return { end };
}

test("starts, registers, stops and cleans up in order, and run resolves", async () => {
  const stage = new Stage();
  const app = stage.app();
  const { end } = await runUntilStarted(stage, app);
  expect(stage.events).toEqual(wholeStart);
  await app.stop();
  expect(stage.events).toEqual([...wholeStart, ...wholeStop]);
  await expect(end).resolves.toBeUndefined();
});

test("calls hooks one after the other, each with the app", async () => {
  const stage = new Stage();
  const seen: AppInfo[] = [];
  const slow: AppHook = async (info) => {
    seen.push(info);
    await new Promise((resolve) => setImmediate(resolve));
    stage.mark("slow");
  };
  const app = stage.app({ beforeStart: [slow, stage.hook("quick")] });
  const { end } = await runUntilStarted(stage, app);
  expect(stage.events.slice(2, 4)).toEqual(["slow", "quick"]);
  expect(seen).toEqual([app]);
  await app.stop();
  await end;
});

describe("the registered instance", () => {
  async function registered(options: Partial<AppOptions>): Promise<ServiceInstance | undefined> {
    const stage = new Stage();
    const instances: ServiceInstance[] = [];
    const registrar: Registrar = {
      register: async (instance) => void instances.push(instance),
      deregister: async (instance) => void instances.push(instance),
    };
    const app = stage.app({ registrar, ...options });
    const { end } = await runUntilStarted(stage, app);
    await app.stop();
    await end;
    expect(instances[1]).toEqual(instances[0]);
    return instances[0];
  }

  test("has a UUID, the names, and the servers' endpoints with their ports", async () => {
    const instance = await registered({ metadata: { weight: "10" } });
    expect(instance).toEqual({
      id: expect.stringMatching(/^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/),
      name: "order-service",
      version: "v1",
      metadata: { weight: "10" },
      endpoints: ["http://10.0.0.7:80", "grpc://10.0.0.7:9000"],
    });
  });

  test("has the endpoints and the id that were given instead", async () => {
    const endpoints = ["http://orders.example.com:8000"];
    expect(await registered({ endpoints, id: "a" })).toMatchObject({ endpoints, id: "a" });
  });

  test("leaves servers without an endpoint out", async () => {
    const servers = [new Stage().server("queue")];
    expect(await registered({ servers })).toMatchObject({ endpoints: [] });
  });
});

describe("a start that fails", () => {
  const cleanUp = ["grpc stop", "http stop", "afterStop"];

  test.for([
    ["http endpoint", ["http endpoint", "grpc endpoint", ...cleanUp]],
    ["beforeStart", [...wholeStart.slice(0, 3), ...cleanUp]],
    ["grpc start", [...wholeStart.slice(0, 5), "beforeStop", ...cleanUp]],
    ["register", [...wholeStart.slice(0, 6), ...wholeStop]],
    ["afterStart", [...wholeStart, ...wholeStop]],
  ] as const)("at %s undoes what was done and rejects with why", async ([failure, events]) => {
    const stage = new Stage(failure);
    await expect(stage.app().run()).rejects.toThrow(`failed: ${failure}`);
    expect(stage.events).toEqual(events);
  });

  test("tells of every server that could not start", async () => {
    const stage = new Stage("http endpoint", "grpc endpoint");
    await expect(stage.app().run()).rejects.toThrow(
      "opening listeners failed more than once: failed: http endpoint; failed: grpc endpoint",
    );
  });

  test.for(["endpoint", "start"] as const)(
    "does not wait for another server whose %s hangs",
    async (step) => {
      const hanging: Server = {
        start: async () => undefined,
        stop: async () => undefined,
        [step]: () => new Promise(() => undefined),
      };
      const failing: Server = {
        ...hanging,
        [step]: () => Promise.reject(new Error("port in use")),
      };
      const app = new App({ servers: [hanging, failing] });
      await expect(app.run()).rejects.toThrow("port in use");
    },
  );

  test("tells why, and not that deregistering failed as well", async () => {
    const stage = new Stage("register", "deregister");
    await expect(stage.app().run()).rejects.toThrow(/^failed: register$/);
    expect(stage.events).toEqual([...wholeStart.slice(0, 6), ...wholeStop]);
  });
});

describe("a stop that fails", () => {
  test.for(["beforeStop", "deregister", "http stop", "afterStop"])(
    "at %s still does the rest, and run rejects",
    async (failure) => {
      const stage = new Stage(failure);
      const app = stage.app();
      const { end } = await runUntilStarted(stage, app);
      const [error] = await Promise.all([end.catch((e: unknown) => e), app.stop()]);
      expect(error).toEqual(new Error(`failed: ${failure}`));
      expect(stage.events).toEqual([...wholeStart, ...wholeStop]);
    },
  );

  test("tells of everything that failed", async () => {
    const stage = new Stage("beforeStop", "deregister", "grpc stop", "http stop", "afterStop");
    const app = stage.app();
    const { end } = await runUntilStarted(stage, app);
    const [error] = await Promise.all([end.catch((e: unknown) => e), app.stop()]);
    expect(error).toBeInstanceOf(AggregateError);
    expect((error as AggregateError).errors).toHaveLength(4); // both servers are one step
    expect(String(error)).toContain(
      'app "order-service" failed more than once: failed: beforeStop;',
    );
    expect(stage.events).toEqual([...wholeStart, ...wholeStop]);
  });
});

describe("the time for stopping", () => {
  /** A server that stops only when it is told to hurry. */
  function stubborn(stage: Stage): Server {
    return {
      start: () => Promise.resolve(),
      stop: (signal) =>
        new Promise((resolve) => {
          const cut = (): void => {
            stage.mark("cut off");
            resolve();
          };
          if (signal.aborted) cut();
          else signal.addEventListener("abort", cut);
          stage.mark("asked to stop");
        }),
    };
  }

  test("is limited by stopTimeout, after which servers are told to cut off", async () => {
    const stage = new Stage();
    const app = stage.app({ servers: [stubborn(stage)], stopTimeout: 5 });
    const { end } = await runUntilStarted(stage, app);
    await app.stop();
    await end;
    expect(stage.events.slice(-3)).toEqual(["asked to stop", "cut off", "afterStop"]);
  });

  test("does not depend on a server that ignores being told", async () => {
    const stage = new Stage();
    const server: Server = {
      start: () => Promise.resolve(),
      stop: () => new Promise<never>(() => undefined),
    };
    const app = stage.app({ servers: [server], stopTimeout: 5 });
    const { end } = await runUntilStarted(stage, app);
    const [error] = await Promise.all([end.catch((e: unknown) => e), app.stop()]);
    expect(error).toEqual(new Error("stopping servers did not end in time"));
    expect(stage.events.at(-1)).toBe("afterStop");
  });

  test("gives a registry no more than registrarTimeout", async () => {
    const stage = new Stage();
    const signals: AbortSignal[] = [];
    const registrar: Registrar = {
      register: (_, signal) =>
        new Promise((__, reject) => {
          signals.push(signal);
          signal.addEventListener("abort", () => reject(signal.reason as Error));
        }),
      deregister: async () => stage.mark("deregister"),
    };
    const end = stage.app({ registrar, registrarTimeout: 5 }).run();
    await expect(end).rejects.toMatchObject({ name: "TimeoutError" });
    expect(signals[0]?.aborted).toBe(true);
    expect(stage.events).toContain("deregister");
  });
});

describe("stop()", () => {
  test("before run makes run return without starting anything", async () => {
    const stage = new Stage();
    const app = stage.app();
    await app.stop();
    await app.run();
    expect(stage.events).toEqual(["grpc stop", "http stop", "afterStop"]);
  });

  test("during the start skips the rest of it, and is no failure", async () => {
    const stage = new Stage();
    let told = false;
    const app = stage.app({
      beforeStart: (_, signal) => {
        void app.stop();
        told = signal.aborted;
        throw new Error("interrupted");
      },
    });
    await app.run();
    expect(told).toBe(true);
    expect(stage.events).toEqual([
      "http endpoint",
      "grpc endpoint",
      "grpc stop",
      "http stop",
      "afterStop",
    ]);
  });

  test("may come twice, and stops once", async () => {
    const stage = new Stage();
    const app = stage.app();
    const { end } = await runUntilStarted(stage, app);
    await Promise.all([app.stop(), app.stop()]);
    await app.stop();
    await end;
    expect(stage.events).toEqual([...wholeStart, ...wholeStop]);
  });
});

test("runs once", async () => {
  const app = new App({ signals: [] });
  const end = app.run();
  await expect(app.run()).rejects.toThrow("an app runs once");
  await app.stop();
  await end;
});

test.for([
  [{ registrar: new Stage().registrar() }, "an app with a registrar needs a name"],
  [{ endpoints: ["10.0.0.7:8000"] }, 'endpoint "10.0.0.7:8000" is no URL'],
  [{ endpoints: ["localhost:8000"] }, 'endpoint "localhost:8000" is no URL'],
  [{ stopTimeout: -1 }, "stopTimeout must be milliseconds from 0 to 2147483647, got -1"],
  [{ registrarTimeout: Number.NaN }, "registrarTimeout must be milliseconds"],
] as const)("refuses options that cannot be meant (case %#)", ([options, message]) => {
  expect(() => new App(options)).toThrow(message);
});

test("logs who starts and who stops, and why", async () => {
  const lines: string[] = [];
  const logger = createLogger({ write: (text) => lines.push(text) });
  const app = new App({ name: "a", version: "v1", id: "7", signals: [], logger });
  const end = app.run();
  await app.stop();
  await end;
  const records = lines.map((line): unknown => JSON.parse(line));
  expect(records).toMatchObject([
    { msg: "app starting", id: "7", name: "a", version: "v1" },
    { msg: "app stopping", id: "7", name: "a", version: "v1", by: "stop()" },
    { msg: "app stopped", id: "7", name: "a", version: "v1" },
  ]);
});
