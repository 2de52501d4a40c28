import { createCodecs } from "../../../codec/index.ts";
import { GrpcCode } from "../../../errors/grpc-code.ts";
import { KratosError } from "../../../errors/kratos-error.ts";
import { compileFormats } from "../protocol/message-format.ts";
import { GrpcFailure } from "../protocol/status.ts";
import type { HealthStatuses, ServingStatus } from "./health.ts";
import type { OwnMethods } from "./own-service.ts";
import {
  type HealthCheckRequest,
  HealthCheckRequestSchema,
  HealthCheckResponse_ServingStatus as Status,
  HealthCheckResponseSchema,
  HealthListRequestSchema,
  HealthListResponseSchema,
} from "./protos/grpc/health/v1/health_pb.ts";
import type { StatusWatch } from "./status-watch.ts";

/** How many services `List` tells of; the proto says so. */
const maxListed = 100;

/** The methods of `grpc.health.v1.Health`. */
export function healthMethods(statuses: HealthStatuses): OwnMethods {
  const codecs = createCodecs();
  const formats = compileFormats(codecs, HealthCheckRequestSchema, HealthCheckResponseSchema);
  return {
    "/grpc.health.v1.Health/Check": {
      kind: "unary",
      formats,
      answer({ service }: HealthCheckRequest) {
        const status = statuses.find(service);
        if (status === undefined) throw new KratosError(404, "", `unknown service "${service}"`);
        return toResponse(status);
      },
    },
    "/grpc.health.v1.Health/List": {
      kind: "unary",
      formats: compileFormats(codecs, HealthListRequestSchema, HealthListResponseSchema),
      answer: () => list(statuses.list()),
    },
    "/grpc.health.v1.Health/Watch": {
      kind: "serverStreaming",
      formats,
      answer: ({ service }: HealthCheckRequest) => toResponses(statuses.watch(service)),
    },
  };
}

interface Response {
  readonly status: Status;
}

function list(statuses: ReadonlyMap<string, ServingStatus>): object {
  if (statuses.size > maxListed) {
    const message = `the server knows of ${statuses.size} services, which is more than the ${maxListed} that are listed`;
    throw new GrpcFailure(GrpcCode.RESOURCE_EXHAUSTED, message);
  }
  const entries = [...statuses].map(([name, status]) => [name, toResponse(status)]);
  return { statuses: Object.fromEntries(entries) as Record<string, Response> };
}

function toResponses(watch: StatusWatch): AsyncIterator<Response> {
  return {
    async next() {
      const step = await watch.next();
      return step.done === true ? step : { done: false, value: toResponse(step.value) };
    },
    async return() {
      await watch.return();
      return { done: true, value: undefined };
    },
  };
}

function toResponse(status: ServingStatus | undefined): Response {
  return { status: status === undefined ? Status.SERVICE_UNKNOWN : Status[status] };
}
