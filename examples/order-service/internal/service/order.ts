import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import type { OrderServiceGrpcServer } from "../../api/order/v1/order_grpc.ts";
import type { OrderServiceHttpServer } from "../../api/order/v1/order_http.ts";
import type {
  CancelOrderRequest,
  CancelOrderResponseSchema,
  CreateOrderRequest,
  CreateOrderResponseSchema,
  GetOrderRequest,
  GetOrderResponseSchema,
  ListOrdersRequest,
  ListOrdersResponseSchema,
  OrderSchema,
} from "../../api/order/v1/order_pb.ts";
import type { Order } from "../biz/order.ts";
import type { OrderUsecase } from "../biz/order-usecase.ts";
import { checkCancelOrder, checkCreateOrder, checkListOrders } from "./check-request.ts";

/** What an {@link OrderService} works with. */
export interface OrderServiceDeps {
  readonly orders: OrderUsecase;
}

/** Answers order.v1.OrderService over every transport: translates between messages and `biz`. */
export class OrderService implements OrderServiceHttpServer, OrderServiceGrpcServer {
  readonly #orders: OrderUsecase;

  constructor({ orders }: OrderServiceDeps) {
    this.#orders = orders;
  }

  /** Throws `VALIDATOR`, `INVALID_USER` and `INSUFFICIENT_STOCK`. */
  async createOrder(
    request: CreateOrderRequest,
  ): Promise<MessageInitShape<typeof CreateOrderResponseSchema>> {
    checkCreateOrder(request);
    const { id } = await this.#orders.create(request);
    return { orderId: id };
  }

  /** Throws `ORDER_NOT_FOUND`. */
  async getOrder(
    request: GetOrderRequest,
  ): Promise<MessageInitShape<typeof GetOrderResponseSchema>> {
    return { order: toMessage(await this.#orders.get(request.orderId)) };
  }

  /** Throws `VALIDATOR`. */
  async listOrders(
    request: ListOrdersRequest,
  ): Promise<MessageInitShape<typeof ListOrdersResponseSchema>> {
    const status = checkListOrders(request);
    const { userId, page, pageSize } = request;
    const { orders, total } = await this.#orders.list({
      userId: userId === "" ? undefined : userId,
      status,
      page,
      pageSize,
    });
    return { orders: orders.map(toMessage), total };
  }

  /** Throws `VALIDATOR`, `ORDER_NOT_FOUND` and `ORDER_ALREADY_CANCELLED`. */
  async cancelOrder(
    request: CancelOrderRequest,
  ): Promise<MessageInitShape<typeof CancelOrderResponseSchema>> {
    checkCancelOrder(request);
    await this.#orders.cancel(request.orderId, request.reason);
    return { success: true };
  }
}

function toMessage(order: Order): MessageInitShape<typeof OrderSchema> {
  return {
    ...order,
    items: [...order.items],
    createdAt: timestampFromDate(order.createdAt),
    updatedAt: timestampFromDate(order.updatedAt),
  };
}
