import { GrpcClient, GrpcServer } from "@kratos-ts/runtime/grpc";
import { HttpClient, HttpServer } from "@kratos-ts/runtime/http";
import { silentLogger } from "@kratos-ts/runtime/log";
import { describe, expect, onTestFinished, test } from "vitest";
import {
  createChatGrpcClient,
  registerChatGrpcServer,
  type ChatGrpcClient,
} from "../../fixtures/golden/method-kinds/want/api/chat/v1/chat_grpc.ts";
import {
  errorOrderAlreadyCancelled,
  errorOrderNotFound,
  isErrorReasonUnspecified,
  isOrderAlreadyCancelled,
  isOrderNotFound,
} from "../../fixtures/golden/order-service/want/api/order/v1/error_reason_errors.ts";
import {
  createOrderServiceGrpcClient,
  registerOrderServiceGrpcServer,
  type OrderServiceGrpcServer,
} from "../../fixtures/golden/order-service/want/api/order/v1/order_grpc.ts";
import {
  createOrderServiceHttpClient,
  registerOrderServiceHttpServer,
  type OrderServiceHttpServer,
} from "../../fixtures/golden/order-service/want/api/order/v1/order_http.ts";

const app = { id: "1", name: "test", version: "1", metadata: {}, endpoints: [] };

/** One implementation for both transports. */
class Orders implements OrderServiceHttpServer, OrderServiceGrpcServer {
  createOrder({ userId, amount }: { userId: string; amount: bigint }) {
    return { id: `of-${userId}`, amount };
  }

  getOrder({ orderId }: { orderId: string }) {
    if (orderId === "none") throw errorOrderNotFound(`no order "${orderId}"`);
    return { id: orderId };
  }

  async listOrders({ page, pageSize }: { page: number; pageSize: number }) {
    return { orders: [{ id: `${page}/${pageSize}` }] };
  }

  async cancelOrder({ orderId }: { orderId: string }): Promise<never> {
    throw errorOrderAlreadyCancelled("too late", { metadata: { order: orderId } });
  }
}

const transports = {
  http: async () => {
    const server = new HttpServer({ addr: "127.0.0.1:0", logger: silentLogger });
    registerOrderServiceHttpServer(server, new Orders());
    const endpoint = await start(server);
    const caller = new HttpClient({ endpoint: endpoint.href });
    onTestFinished(() => caller.close());
    return createOrderServiceHttpClient(caller);
  },
  grpc: async () => {
    const server = new GrpcServer({ addr: "127.0.0.1:0", logger: silentLogger });
    registerOrderServiceGrpcServer(server, new Orders());
    const endpoint = await start(server);
    const caller = new GrpcClient({ endpoint: `127.0.0.1:${endpoint.port}` });
    onTestFinished(() => caller.close());
    return createOrderServiceGrpcClient(caller);
  },
};

describe.for(Object.entries(transports))("a generated %s client", ([, connect]) => {
  test("reaches a generated server", async () => {
    const client = await connect();

    const created = await client.createOrder({ userId: "ann", amount: 2n ** 60n });
    expect(created).toMatchObject({ id: "of-ann", amount: 2n ** 60n });
    expect(await client.getOrder({ orderId: "a/b c" })).toMatchObject({ id: "a/b c" });
    const { orders } = await client.listOrders({ page: 2, pageSize: 10 });
    expect(orders).toMatchObject([{ id: "2/10" }]);
  });

  test("knows generated errors", async () => {
    const client = await connect();

    const notFound: unknown = await client.getOrder({ orderId: "none" }).catch((error) => error);
    expect(isOrderNotFound(notFound)).toBe(true);
    expect(isOrderAlreadyCancelled(notFound)).toBe(false);
    expect(isErrorReasonUnspecified(notFound)).toBe(false);
    expect(notFound).toMatchObject({ code: 404, message: 'no order "none"' });

    const cancelled: unknown = await client.cancelOrder({ orderId: "7" }).catch((error) => error);
    expect(isOrderAlreadyCancelled(cancelled)).toBe(true);
    expect(cancelled).toMatchObject({ code: 409, metadata: { order: "7" } });
  });
});

describe("generated errors", () => {
  test("are known through causes, and by reason and code together", () => {
    const error = errorOrderNotFound("gone");

    expect(isOrderNotFound(new Error("wrapped", { cause: error }))).toBe(true);
    expect(isOrderNotFound(Object.assign(new Error("x"), { name: "KratosError" }))).toBe(false);
    expect(isOrderNotFound("ORDER_NOT_FOUND")).toBe(false);
  });
});

describe("all kinds of methods", () => {
  test("one message each way", async () => {
    const client = await connectChat();

    expect(await client.say({ text: "hi" })).toMatchObject({ text: "hi!" });
  });

  test("a stream of replies", async () => {
    const client = await connectChat();

    expect(await collect(client.listen({}))).toEqual(["one", "two"]);
  });

  test("a stream of requests", async () => {
    const client = await connectChat();
    const said: string[] = [];
    async function* lines() {
      for (const text of ["a", "b", "c"]) {
        said.push(text);
        yield { text };
      }
    }

    await client.dictate(lines());
    expect(said).toEqual(["a", "b", "c"]);
  });

  test("streams both ways", async () => {
    const client = await connectChat();
    async function* lines() {
      yield { text: "a" };
      yield { text: "b" };
    }

    expect(await collect(client.talk(lines()))).toEqual(["a?", "b?"]);
  });
});

async function connectChat(): Promise<ChatGrpcClient> {
  const server = new GrpcServer({ addr: "127.0.0.1:0", logger: silentLogger });
  registerChatGrpcServer(server, {
    say: ({ text }) => ({ text: `${text}!` }),
    async *listen() {
      yield { text: "one" };
      yield { text: "two" };
    },
    async dictate(requests) {
      await collect(requests);
      return {};
    },
    async *talk(requests) {
      for await (const { text } of requests) yield { text: `${text}?` };
    },
  });
  const endpoint = await start(server);
  const caller = new GrpcClient({ endpoint: `127.0.0.1:${endpoint.port}` });
  onTestFinished(() => caller.close());
  return createChatGrpcClient(caller);
}

async function collect(lines: AsyncIterable<{ readonly text: string }>): Promise<string[]> {
  const texts: string[] = [];
  for await (const { text } of lines) texts.push(text);
  return texts;
}

async function start(server: HttpServer | GrpcServer): Promise<URL> {
  await server.start(app);
  onTestFinished(() => server.stop(AbortSignal.timeout(5000)));
  return server.endpoint();
}
