import { createFileRegistry, type DescService, fromBinary } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { createClient, ConnectError, type Transport } from "@connectrpc/connect";
import { createConnectTransport, createGrpcWebTransport } from "@connectrpc/connect-web";
import type { Parrot as ParrotService } from "../../runtime/test/connect/parrot.ts";
import { OrderService } from "../../examples/order-service/api/order/v1/order_pb.ts";

/** What a page sees that calls a service of another origin. Runs in the browser. */
export interface RpcReport {
  readonly [way: string]: unknown;
}

interface Location {
  readonly search: string;
}

const query = new URLSearchParams(
  (globalThis as unknown as { location: Location }).location.search,
);

const baseUrl = query.get("service") ?? "";

const ways: Readonly<Record<string, Transport>> = {
  Connect: createConnectTransport({ baseUrl }),
  "Connect in binary, with GET": createConnectTransport({
    baseUrl,
    useBinaryFormat: true,
    useHttpGet: true,
  }),
  "gRPC-Web": createGrpcWebTransport({ baseUrl }),
  "gRPC-Web in JSON": createGrpcWebTransport({ baseUrl, useBinaryFormat: false }),
};

/** All that a page can do by one way. */
async function tryAll(transport: Transport, Parrot: typeof ParrotService): Promise<unknown> {
  const orders = createClient(OrderService, transport);
  const parrot = createClient(Parrot, transport);
  const item = { productId: "prod_1", productName: "Tea", quantity: 2, unitPrice: 5n };
  const { orderId } = await orders.createOrder({ userId: "u", items: [item], address: "ü 日" });
  const headers = { "x-md-global-a": "1" };
  let seen: string | null = null;
  const onHeader = (header: Headers): void => {
    seen = header.get("x-md-global-a-seen");
  };
  const { order } = await orders.getOrder({ orderId });
  const looked = await parrot.look({ text: "?" }, { headers, onHeader });
  const counts: string[] = [];
  const replies = parrot.repeat({ text: "fail", count: 3n });
  const streamError = await (async () => {
    for await (const { count } of replies) counts.push(String(count));
  })().then(neverHere, describeError);
  const controller = new AbortController();
  const endless = parrot.repeat({ text: "a", count: 10n ** 12n }, { signal: controller.signal });
  const aborted = await (async () => {
    for await (const _ of endless) controller.abort();
  })().then(neverHere, describeError);
  return {
    sameId: order?.id === orderId,
    address: order?.address,
    looked: looked.text,
    seen,
    counts,
    streamError,
    aborted,
    missing: await orders.getOrder({ orderId: "none" }).then(neverHere, describeError),
    late: await parrot.say({ text: "wait" }, { timeoutMs: 50 }).then(neverHere, describeError),
  };
}

function neverHere(reply: unknown): unknown {
  return { unexpected: reply };
}

function describeError(thrown: unknown): unknown {
  const { code, details } = ConnectError.from(thrown);
  return { code, details: details.map((detail) => ("type" in detail ? detail.type : "")) };
}

async function run(): Promise<RpcReport> {
  const image = new Uint8Array(await (await fetch("/parrot")).arrayBuffer());
  const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, image));
  const service: DescService | undefined = registry.getService("test.parrot.v1.Parrot");
  const report: Record<string, unknown> = {};
  for (const [name, transport] of Object.entries(ways)) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other, so that they cannot meet
    report[name] = await tryAll(transport, service as typeof ParrotService).catch(
      (error: unknown) => ({ unexpected: String(error) }),
    );
  }
  return report;
}

void run().then((report) => fetch("/report", { method: "POST", body: JSON.stringify(report) }));
