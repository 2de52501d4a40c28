import type { ServiceError } from "@grpc/grpc-js";
import { credentials, makeClientConstructor } from "@grpc/grpc-js";
import { isDeepStrictEqual } from "node:util";
import { loadProtoService } from "./load-proto-service.ts";
import type { JsonOrder } from "./order.ts";
import { createRequest, createRequestText, expectedOrder, orderJsonBytes } from "./order.ts";

/** Throws unless the HTTP server on `port` does the work: both methods, every field, no byte too many. */
export async function checkHttpAnswers(port: number): Promise<void> {
  const orders = `http://127.0.0.1:${port}/api/v1/orders`;
  const created = await fetch(orders, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: createRequestText,
  });
  await checkHttpReply("POST", created, expectedOrder);
  const otherId = "ord_02KJT9"; // as long as the usual one: a constant reply would be found out
  await checkHttpReply("GET", await fetch(`${orders}/${otherId}`), {
    ...expectedOrder,
    id: otherId,
  });
}

/** Throws unless `CreateOrder` on `port` answers the order over gRPC. */
export async function checkGrpcAnswer(port: number): Promise<void> {
  const Client = makeClientConstructor(loadProtoService("order.v1.OrderService"), "OrderService");
  const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure());
  try {
    const reply = await new Promise((resolve, reject) => {
      client["createOrder"]?.(createRequest, (error: ServiceError | null, order: JsonOrder) => {
        if (error === null) resolve(order);
        else reject(error);
      });
    });
    checkOrder("CreateOrder", reply, expectedOrder);
  } finally {
    client.close();
  }
}

async function checkHttpReply(
  what: string,
  response: Response,
  expected: JsonOrder,
): Promise<void> {
  const text = await response.text();
  if (response.status !== 200) throw new Error(`${what} answers ${response.status}: ${text}`);
  checkOrder(what, JSON.parse(text), expected);
  if (text.length !== orderJsonBytes) {
    throw new Error(`${what} answers ${text.length} bytes instead of ${orderJsonBytes}: ${text}`);
  }
}

function checkOrder(what: string, reply: unknown, expected: JsonOrder): void {
  if (!isDeepStrictEqual(JSON.parse(JSON.stringify(reply)), expected)) {
    throw new Error(
      `${what} answers ${JSON.stringify(reply)} instead of ${JSON.stringify(expected)}`,
    );
  }
}
