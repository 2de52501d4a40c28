import { noNodeError } from "../../../selector/no-node.ts";
import { NodePool } from "../../../selector/node-pool.ts";
import type { Pick } from "../../../selector/balancer.ts";
import type { ServiceNode } from "../../../selector/service-node.ts";
import { ServiceResolver } from "../../../selector/service-resolver.ts";
import { toStaticNodes } from "../../../selector/static-nodes.ts";
import { WeightedRoundRobinBalancer } from "../../../selector/weighted-round-robin.ts";
import type { Logger } from "../../../log/logger.ts";
import type { HttpClientContext } from "./client-context.ts";
import type { ClientEndpoint } from "./client-endpoint.ts";
import type { HttpClientOptions } from "./client-options.ts";
import { compilePrefix } from "../routing/path-prefix.ts";

/** The servers of a client: one, or several to choose among. */
export class ClientTarget {
  /** The only server, and the path that it was given with; undefined: there may be several. */
  readonly #only: { readonly origin: string; readonly base: string } | undefined;
  readonly #prefix: string;
  readonly #pool: NodePool;
  readonly #resolver: ServiceResolver | undefined;
  /** Calls that wait for the registry: they leave when they end, since it may be silent for long. */
  readonly #waiting = new Set<() => void>();
  #asked = false;
  /** Whether the registry has answered, be it that there is nobody. */
  #known = false;

  /** Throws a `TypeError` for a prefix that is none, and when there is no discovery for an endpoint that needs one. */
  constructor(
    endpoint: ClientEndpoint,
    scheme: "http" | "https",
    options: HttpClientOptions,
    logger: Logger,
  ) {
    this.#only = endpoint.kind === "origin" ? endpoint : undefined;
    this.#prefix = compilePrefix(options.prefix ?? "");
    this.#pool = new NodePool(
      options.balancer ?? new WeightedRoundRobinBalancer(),
      options.filters ?? [],
    );
    if (endpoint.kind === "direct") this.#pool.apply(toStaticNodes(scheme, endpoint.addresses));
    if (endpoint.kind !== "discovery") return;
    if (options.discovery === undefined) {
      throw new TypeError(`"${options.endpoint}" needs the option "discovery"`);
    }
    this.#resolver = new ServiceResolver({
      discovery: options.discovery,
      serviceName: endpoint.serviceName,
      // With certificates of its own a client must not talk to anybody without.
      schemes: options.tls !== undefined ? ["https"] : ["http", "https"],
      subset: options.subset ?? 25,
      logger,
      onNodes: (nodes) => this.#pool.apply(nodes),
    });
  }

  /** What is in front of every path at `node`; undefined: at the one server. */
  baseOf(node: ServiceNode | undefined): string {
    return (node === undefined ? (this.#only?.base ?? "") : node.path) + this.#prefix;
  }

  /** The one server; undefined: {@link pick} one. */
  get origin(): string | undefined {
    return this.#only?.origin;
  }

  /** Whether there are several servers. */
  get hasSeveral(): boolean {
    return this.#pool.size > 1;
  }

  /** Whether there is no server left that was not found dead lately. */
  get allRest(): boolean {
    return this.#pool.allRest;
  }

  /** Whether a call can go to a server that it has not tried. */
  hasUntried(context: HttpClientContext, tried: readonly ServiceNode[]): boolean {
    return this.#pool.hasUntried(context, tried);
  }

  /** Waits until it is known which servers there are; rejects when the call ends before. */
  ready(context: HttpClientContext): Promise<void> | undefined {
    if (this.#resolver === undefined) return undefined;
    if (this.#pool.size > 0) return undefined;
    if (this.#known) return undefined;
    if (!this.#asked) {
      this.#asked = true;
      void this.#resolver.ready().then(() => this.#letGo());
    }
    const { signal } = context;
    return new Promise((resolve, reject) => {
      this.#waiting.add(resolve);
      context.onAbort(() => {
        this.#waiting.delete(resolve);
        reject(signal.reason as Error);
      });
    });
  }

  /** Throws 503 `NODE_NOT_FOUND` when there is none. */
  pick(context: HttpClientContext, tried: readonly ServiceNode[]): Pick {
    const pick = this.#pool.pick(context, tried);
    if (pick === undefined) {
      throw noNodeError(context.endpoint, this.#pool.size, this.#resolver);
    }
    return pick;
  }

  reached(node: ServiceNode): void {
    this.#pool.reached(node);
  }

  unreachable(node: ServiceNode): void {
    this.#pool.unreachable(node);
  }

  close(): void {
    this.#resolver?.close();
  }

  #letGo(): void {
    this.#known = true;
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }
}
