import type { DescFile, DescMessage } from "@bufbuild/protobuf";
import type { GrpcMethod } from "../../method.ts";
import type { GrpcBinding } from "../protocol/binding.ts";
import type { ChannelzSource } from "./channelz.ts";
import type { HealthStatuses } from "./health.ts";
import { bindOwnService } from "./own-service.ts";
import type { ReflectedServices } from "./reflection.ts";

/** Which services a server answers itself. */
export interface OwnServiceOptions {
  readonly health: boolean;
  readonly reflection: boolean;
  readonly channelz: boolean;
}

/**
 * The services that a server answers itself, and what they tell of those that are registered. They know no
 * middleware. A service that is registered under the name of one of them takes its place.
 */
export class OwnServices {
  readonly #options: OwnServiceOptions;
  readonly #statuses: HealthStatuses;
  readonly #channelz: ChannelzSource;
  readonly #registered = new Map<string, Set<DescFile>>();

  constructor(options: OwnServiceOptions, statuses: HealthStatuses, channelz: ChannelzSource) {
    this.#options = options;
    this.#statuses = statuses;
    this.#channelz = channelz;
  }

  /** A method that is registered. */
  add({ operation, service, input, output }: GrpcMethod<DescMessage, DescMessage>): void {
    const name = serviceOf(operation);
    this.#statuses.add(name);
    const files = this.#registered.get(name) ?? new Set();
    this.#registered.set(name, files);
    for (const { file } of service === undefined ? [input, output] : [service]) files.add(file);
  }

  /** What they answer. */
  bindings(): GrpcBinding[] {
    const { health, reflection, channelz } = this.#options;
    const all: GrpcBinding[] = [
      ...(health ? bindHealth(this.#statuses) : []),
      ...(channelz ? bindChannelz(this.#channelz) : []),
      ...(reflection ? bindReflection(() => this.#describe(served)) : []),
    ];
    const served = all.filter(({ operation }) => !this.#registered.has(serviceOf(operation)));
    return served;
  }

  async #describe(own: readonly GrpcBinding[]): Promise<ReflectedServices> {
    const ownNames = [...new Set(own.map(({ operation }) => serviceOf(operation)))];
    const files = [...this.#registered.values()].flatMap((each) => [...each]);
    return {
      names: [...this.#registered.keys(), ...ownNames],
      files: [...files, ...(await loadOwnFiles(ownNames))],
    };
  }
}

function serviceOf(operation: string): string {
  return operation.slice(1, operation.lastIndexOf("/"));
}

/** `grpc.health.v1.Health` */
function bindHealth(statuses: HealthStatuses): GrpcBinding[] {
  return bindOwnService(
    {
      "/grpc.health.v1.Health/Check": "unary",
      "/grpc.health.v1.Health/List": "unary",
      "/grpc.health.v1.Health/Watch": "serverStreaming",
    },
    async () => (await import("./health-service.ts")).healthMethods(statuses),
  );
}

/** `grpc.reflection.v1.ServerReflection`, and `v1alpha`, which older tools ask for. */
function bindReflection(describe: () => Promise<ReflectedServices>): GrpcBinding[] {
  return bindOwnService(
    {
      "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo": "bidiStreaming",
      "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo": "bidiStreaming",
    },
    async () => (await import("./reflection.ts")).reflectionMethods(await describe()),
  );
}

/** `grpc.channelz.v1.Channelz` */
function bindChannelz(source: ChannelzSource): GrpcBinding[] {
  const methods = [
    "GetTopChannels",
    "GetServers",
    "GetServer",
    "GetServerSockets",
    "GetChannel",
    "GetSubchannel",
    "GetSocket",
  ];
  return bindOwnService(
    Object.fromEntries(methods.map((name) => [`/grpc.channelz.v1.Channelz/${name}`, "unary"])),
    async () => (await import("./channelz.ts")).channelzMethods(source),
  );
}

/** The files of those services above that are among `names`. */
async function loadOwnFiles(names: readonly string[]): Promise<DescFile[]> {
  const loaders: Readonly<Record<string, () => Promise<DescFile>>> = {
    "grpc.health.v1.Health": async () =>
      (await import("./protos/grpc/health/v1/health_pb.ts")).file_grpc_health_v1_health,
    "grpc.reflection.v1.ServerReflection": async () =>
      (await import("./protos/grpc/reflection/v1/reflection_pb.ts"))
        .file_grpc_reflection_v1_reflection,
    "grpc.reflection.v1alpha.ServerReflection": async () =>
      (await import("./protos/grpc/reflection/v1alpha/reflection_pb.ts"))
        .file_grpc_reflection_v1alpha_reflection,
    "grpc.channelz.v1.Channelz": async () =>
      (await import("./protos/grpc/channelz/v1/channelz_pb.ts")).file_grpc_channelz_v1_channelz,
  };
  return Promise.all(names.flatMap((name) => loaders[name]?.() ?? []));
}
