import {
  create,
  type DescMethodUnary,
  fromBinary,
  type MessageInitShape,
  type MessageShape,
  toBinary,
} from "@bufbuild/protobuf";
import { anyUnpack } from "@bufbuild/protobuf/wkt";
import { Client, credentials, type ServiceError } from "@grpc/grpc-js";
import { fromGrpcCode, KratosError } from "@kratos-ts/runtime";
import { ErrorInfoSchema } from "@kratos-ts/runtime/protos/google/rpc/error_details_pb.ts";
import { StatusSchema } from "@kratos-ts/runtime/protos/google/rpc/status_pb.ts";
import { OrderService } from "../api/order/v1/order_pb.ts";
import type { OrderServiceGrpcClient } from "../api/order/v1/order_grpc.ts";

/** The methods of the service, called with the gRPC library that most of Node uses. */
export interface GrpcJsClient extends OrderServiceGrpcClient {
  close(): void;
}

/** Connects to `endpoint`. Only the bytes on the wire are what it shares with this project's client. */
export function createGrpcJsClient(endpoint: string): GrpcJsClient {
  const client = new Client(endpoint, credentials.createInsecure());

  function unary<M extends DescMethodUnary>(method: M) {
    return (request: MessageInitShape<M["input"]>) =>
      new Promise<MessageShape<M["output"]>>((resolve, reject) => {
        client.makeUnaryRequest(
          `/${method.parent.typeName}/${method.name}`,
          (bytes: Uint8Array) => Buffer.from(bytes),
          (bytes) => fromBinary(method.output, bytes) as MessageShape<M["output"]>,
          toBinary(method.input, create(method.input, request)),
          (error, reply) => {
            if (error === null && reply !== undefined) resolve(reply);
            else reject(error === null ? new Error("no reply") : toKratosError(error));
          },
        );
      });
  }

  return {
    createOrder: unary(OrderService.method.createOrder),
    getOrder: unary(OrderService.method.getOrder),
    listOrders: unary(OrderService.method.listOrders),
    cancelOrder: unary(OrderService.method.cancelOrder),
    close: () => client.close(),
  };
}

/** Read by the book: code and text of the status, reason and metadata of its first ErrorInfo. */
function toKratosError(error: ServiceError): KratosError {
  const [bytes] = error.metadata.get("grpc-status-details-bin");
  if (!(bytes instanceof Uint8Array)) return new KratosError(500, "NO_DETAILS", error.message);
  const status = fromBinary(StatusSchema, bytes);
  if (status.code !== error.code || status.message !== error.details) {
    return new KratosError(500, "DETAILS_DIFFER", error.message);
  }
  const [info] = status.details.map((detail) => anyUnpack(detail, ErrorInfoSchema));
  return new KratosError(fromGrpcCode(error.code), info?.reason ?? "", error.details, {
    metadata: info?.metadata ?? {},
  });
}
