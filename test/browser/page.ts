import { hasReason, KratosError } from "@kratos-ts/runtime/codegenv1";
import { HttpClient } from "@kratos-ts/runtime/http-client";
import { createOrderServiceHttpClient } from "../../examples/order-service/api/order/v1/order_http.ts";
import { ChatRoute, WatchOrderRoute } from "./routes.ts";

/** What a page sees that uses a service, as plain values. Runs in the browser. */
export interface PageReport {
  readonly [scenario: string]: unknown;
}

/** The addresses that the page is told, in its query. */
const query = new URLSearchParams(
  (globalThis as unknown as { location: Location }).location.search,
);

interface Location {
  readonly search: string;
}

const item = { productId: "prod_1", productName: "Tea", quantity: 2, unitPrice: 9007199254740993n };

const scenarios: Readonly<Record<string, () => Promise<unknown>>> = {
  "calls the service that it comes from": async () => {
    const orders = createOrderServiceHttpClient(new HttpClient({ endpoint: "" }));
    const { orderId } = await orders.createOrder({
      userId: "user_1",
      items: [item],
      address: "ü 日",
    });
    const { order } = await orders.getOrder({ orderId });
    const { total } = await orders.listOrders({ userId: "user_1", page: 1, pageSize: 10 });
    return {
      sameId: order?.id === orderId,
      address: order?.address,
      totalAmount: String(order?.totalAmount),
      total,
    };
  },
  "gets errors by their reason": async () => {
    const orders = createOrderServiceHttpClient(new HttpClient({ endpoint: "" }));
    return orders.getOrder({ orderId: "none" }).then(neverHere, describeError);
  },
  "has errors of its own": async () => {
    const orders = createOrderServiceHttpClient(new HttpClient({ endpoint: "" }));
    return orders.getOrder({ orderId: "" }).then(neverHere, describeError);
  },
  "ends calls that take too long": async () => {
    const client = new HttpClient({ endpoint: "", timeout: 50, retry: false });
    const slow = createOrderServiceHttpClient(client);
    return slow.getOrder({ orderId: "slow" }).then(neverHere, describeError);
  },
  "aborts calls": async () => {
    const orders = createOrderServiceHttpClient(new HttpClient({ endpoint: "" }));
    const options = { signal: AbortSignal.abort() };
    return orders.getOrder({ orderId: "x" }, options).then(neverHere, describeError);
  },
  "knows when nobody is there": async () => {
    const client = new HttpClient({ endpoint: query.get("nobody") ?? "", timeout: 5000 });
    const orders = createOrderServiceHttpClient(client);
    return orders.getOrder({ orderId: "x" }).then(neverHere, describeError);
  },
  "calls a service of another origin that lets it": async () => {
    const client = new HttpClient({ endpoint: query.get("other") ?? "", headers: { "x-a": "1" } });
    const orders = createOrderServiceHttpClient(client);
    let header: readonly string[] | undefined;
    const onHeader = (all: ReadonlyMap<string, readonly string[]>) => (header = all.get("x-seen"));
    const { order } = await orders.getOrder({ orderId: "7" }, { onHeader });
    return { id: order?.id, header };
  },
  "does not follow a redirect of what may change something": async () => {
    const client = new HttpClient({ endpoint: query.get("other") ?? "" });
    const orders = createOrderServiceHttpClient(client);
    return orders.createOrder({ userId: "u" }).then(neverHere, describeError);
  },
  "gets a stream of replies": async () => {
    const client = new HttpClient({ endpoint: query.get("other") ?? "" });
    const ids: (string | undefined)[] = [];
    try {
      for await (const { order } of client.method(WatchOrderRoute)({ orderId: "3" })) {
        ids.push(order?.id);
      }
    } catch (error) {
      return { ids, error: describeError(error) };
    }
    return { ids };
  },
  "talks over a WebSocket": async () => {
    const client = new HttpClient({ endpoint: query.get("other") ?? "" });
    const answers: string[] = [];
    for await (const { orderId } of client.method(ChatRoute)(questions())) answers.push(orderId);
    return answers;
  },
};

async function* questions(): AsyncGenerator<{ orderId: string }> {
  for (const orderId of ["a", "b", "c"]) yield { orderId };
}

function neverHere(reply: unknown): unknown {
  return { unexpected: reply };
}

function describeError(error: unknown): unknown {
  if (!(error instanceof KratosError)) return { unexpected: String(error) };
  const { code, reason } = error;
  return { code, reason, known: hasReason(error, code, reason) };
}

async function run(): Promise<PageReport> {
  const report: Record<string, unknown> = {};
  for (const [name, scenario] of Object.entries(scenarios)) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other, so that they cannot meet
    report[name] = await scenario().catch((error: unknown) => ({ unexpected: String(error) }));
  }
  return report;
}

void run().then((report) => fetch("/report", { method: "POST", body: JSON.stringify(report) }));
