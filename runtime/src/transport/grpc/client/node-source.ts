import type { Logger } from "../../../log/logger.ts";
import type { NodeOrigin } from "../../../selector/no-node.ts";
import type { ServiceNode } from "../../../selector/service-node.ts";
import { ServiceResolver } from "../../../selector/service-resolver.ts";
import { toStaticNodes } from "../../../selector/static-nodes.ts";
import type { ClientEndpoint } from "./client-endpoint.ts";
import type { GrpcClientOptions } from "./client-options.ts";
import type { ServerRoute } from "./connector.ts";
import { DnsNodes } from "./dns-nodes.ts";

/** Takes what a {@link NodeSource} finds. */
export interface NodeReceiver {
  /** All nodes that there are now. */
  onNodes(nodes: readonly ServiceNode[]): void;
  /** It is known which nodes there are, be it none. Called once. */
  onKnown(): void;
}

/** Finds the servers of a client. */
export interface NodeSource {
  /** Whether it is known which nodes there are, be it none. */
  readonly known: boolean;
  /** Says why there are no nodes; undefined: there always are. */
  readonly origin: NodeOrigin | undefined;
  /** What all of the nodes are known by, in place of their addresses. */
  readonly identity: Partial<ServerRoute>;
  /** Begins, when it has not. */
  start(): void;
  /** A server cannot be called: there may be others. */
  refresh(): void;
  close(): void;
}

/** Throws a `TypeError` when there is no discovery for an endpoint that needs one. */
export function createNodeSource(
  endpoint: Exclude<ClientEndpoint, { kind: "server" }>,
  options: GrpcClientOptions,
  logger: Logger,
  receiver: NodeReceiver,
): NodeSource {
  const scheme = options.tls === undefined ? "grpc" : "grpcs";
  switch (endpoint.kind) {
    case "direct":
      return new DirectNodes(toStaticNodes(scheme, endpoint.addresses), receiver);
    case "dns":
      return new DnsNodes(endpoint, scheme, logger, receiver);
    case "discovery": {
      const { discovery, subset = 25 } = options;
      if (discovery === undefined) {
        throw new TypeError(`"${options.endpoint}" needs the option "discovery"`);
      }
      // With certificates of its own a client must not talk to anybody without.
      const schemes = options.tls === undefined ? ["grpc", "grpcs"] : ["grpcs"];
      const resolver = new ServiceResolver({
        discovery,
        serviceName: endpoint.serviceName,
        schemes,
        subset,
        logger,
        onNodes: (nodes) => receiver.onNodes(nodes),
      });
      return new DiscoveredNodes(resolver, receiver);
    }
  }
}

/** Nodes that are known from the start. */
class DirectNodes implements NodeSource {
  known = false;
  readonly origin = undefined;
  readonly identity = {};
  readonly #nodes: readonly ServiceNode[];
  readonly #receiver: NodeReceiver;

  constructor(nodes: readonly ServiceNode[], receiver: NodeReceiver) {
    this.#nodes = nodes;
    this.#receiver = receiver;
  }

  start(): void {
    if (this.known) return;
    this.known = true;
    this.#receiver.onNodes(this.#nodes);
  }

  refresh(): void {}

  close(): void {}
}

/** The instances of a service as a registry has them. */
class DiscoveredNodes implements NodeSource {
  known = false;
  readonly identity = {};
  readonly origin: NodeOrigin;
  readonly #resolver: ServiceResolver;
  readonly #receiver: NodeReceiver;
  #started = false;

  constructor(resolver: ServiceResolver, receiver: NodeReceiver) {
    this.#resolver = resolver;
    this.origin = resolver;
    this.#receiver = receiver;
  }

  start(): void {
    if (this.#started) return;
    this.#started = true;
    void this.#resolver.ready().then(() => {
      this.known = true;
      this.#receiver.onKnown();
    });
  }

  refresh(): void {}

  close(): void {
    this.#resolver.close();
  }
}
