import { BinaryReader, BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { CodecError } from "../../../codec/codec-error.ts";
import { KratosError } from "../../../errors/kratos-error.ts";
import type { GrpcBinding } from "../protocol/binding.ts";
import { fillPrefix, framePrefixBytes } from "../protocol/frame.ts";
import type { MessageFormats } from "../protocol/message-format.ts";
import { MessageQueue } from "../../message-queue.ts";
import { serverStopping } from "../../server-stopping.ts";

/** What is said of a service (`grpc.health.v1.HealthCheckResponse.ServingStatus`). */
type ServingStatus = "SERVING" | "NOT_SERVING" | "SERVICE_UNKNOWN";

/** What a service may say about its own health. */
export interface Health {
  /**
   * Whether `service` (full name; `""`: the whole server) takes calls. Tells whoever watches it; without
   * effect once the server stops.
   */
  setServing(service: string, serving: boolean): void;
}

/**
 * The standard health service `grpc.health.v1.Health`. It knows the server as a whole (`""`) and each
 * registered service, all serving until told otherwise. No middleware and no timeout apply to it.
 */
export class HealthService implements Health {
  readonly #statuses = new Map<string, ServingStatus>([["", "SERVING"]]);
  readonly #watchers = new Map<MessageQueue, string>();
  #stopped = false;

  setServing(service: string, serving: boolean): void {
    if (this.#stopped) return;
    this.#set(service, serving ? "SERVING" : "NOT_SERVING");
  }

  /** Makes a service known. */
  add(service: string): void {
    if (!this.#statuses.has(service)) this.#set(service, "SERVING");
  }

  /** Says `NOT_SERVING` for everything, for good, and ends the watches. */
  shutdown(): void {
    if (this.#stopped) return;
    for (const service of this.#statuses.keys()) this.#set(service, "NOT_SERVING");
    this.#stopped = true;
    for (const queue of this.#watchers.keys()) {
      queue.fail(serverStopping());
    }
    this.#watchers.clear();
  }

  /** The service's methods by operation. */
  bindings(): [operation: string, binding: GrpcBinding][] {
    const check: GrpcBinding = {
      operation: "/grpc.health.v1.Health/Check",
      kind: "unary",
      formats: healthFormats,
      handler: (service) => this.#check(service as string),
    };
    const watch: GrpcBinding = {
      operation: "/grpc.health.v1.Health/Watch",
      kind: "serverStreaming",
      formats: healthFormats,
      handler: (service) => this.#watch(service as string),
    };
    return [check, watch].map((binding) => [binding.operation, binding]);
  }

  #check(service: string): ServingStatus {
    const status = this.#statuses.get(service);
    if (status === undefined) throw new KratosError(404, "", `unknown service "${service}"`);
    return status;
  }

  #watch(service: string): AsyncIterable<unknown> {
    const queue: MessageQueue = new MessageQueue(unlimited, () => this.#watchers.delete(queue));
    queue.push(this.#statuses.get(service) ?? "SERVICE_UNKNOWN", 0);
    this.#watchers.set(queue, service);
    return queue;
  }

  #set(service: string, status: ServingStatus): void {
    if (this.#statuses.get(service) === status) return;
    this.#statuses.set(service, status);
    for (const [queue, watched] of this.#watchers) {
      if (watched === service) queue.push(status, 0);
    }
  }
}

const unlimited = { pause() {}, resume() {} };

// The messages have one field each: a string `service` = 1, an enum `status` = 1.
const healthFormats: MessageFormats = {
  proto: {
    contentType: "application/grpc",
    decode: (bytes, start, end) => readService(bytes.subarray(start, end)),
    encode(status) {
      const writer = new BinaryWriter().raw(new Uint8Array(framePrefixBytes));
      writer.tag(1, WireType.Varint).int32(statusNumbers[status as ServingStatus]);
      return fillPrefix(writer.finish());
    },
  },
  json: {
    contentType: "application/grpc+json",
    decode: (bytes, start, end) => readServiceJson(Buffer.from(bytes.subarray(start, end))),
    encode(status) {
      const body = Buffer.from(JSON.stringify({ status }));
      return fillPrefix(Buffer.concat([Buffer.alloc(framePrefixBytes), body]));
    },
  },
};

const statusNumbers: Readonly<Record<ServingStatus, number>> = {
  SERVING: 1,
  NOT_SERVING: 2,
  SERVICE_UNKNOWN: 3,
};

function readService(bytes: Uint8Array): string {
  try {
    let service = "";
    const reader = new BinaryReader(bytes);
    while (reader.pos < reader.len) {
      const [field, wire] = reader.tag();
      if (field === 1 && wire === WireType.LengthDelimited) service = reader.string();
      else reader.skip(wire, field);
    }
    return service;
  } catch (cause) {
    throw new CodecError("the bytes are no grpc.health.v1.HealthCheckRequest", "", { cause });
  }
}

function readServiceJson(text: Buffer): string {
  try {
    const request = JSON.parse(text.toString()) as { service?: unknown } | null;
    return typeof request?.service === "string" ? request.service : "";
  } catch (cause) {
    throw new CodecError("the text is no JSON", "", { cause });
  }
}
