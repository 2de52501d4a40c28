import type { Logger } from "../log/logger.ts";
import type { Discovery } from "../registry/discovery.ts";
import type { ServiceInstance } from "../registry/registrar.ts";
import { backoffDelay } from "../resilience/backoff.ts";
import { findInstanceNode } from "./instance-node.ts";
import { countInstances, type NodeOrigin } from "./no-node.ts";
import type { ServiceNode } from "./service-node.ts";
import { subsetOf } from "./subset.ts";

/** What a {@link ServiceResolver} follows, and for whom. */
export interface ServiceResolverOptions {
  readonly discovery: Discovery;
  readonly serviceName: string;
  /** Schemes of endpoints that can be called, the best first. */
  readonly schemes: readonly string[];
  /** Instances that are used at most; 0: all. */
  readonly subset: number;
  readonly logger: Logger;
  /** Takes the nodes at first and after changes; never an empty list once there was one. */
  readonly onNodes: (nodes: readonly ServiceNode[]) => void;
}

/** How long to wait before a registry that failed is asked again. */
const retry = { initial: 1000, max: 30_000 };

/**
 * Follows the instances of a service. An empty list never takes the place of one that was not, since a
 * registry that lost its data must not stop those who call; neither does an error, after which it is asked
 * again, later each time.
 */
export class ServiceResolver implements NodeOrigin {
  readonly #options: ServiceResolverOptions;
  readonly #closing = new AbortController();
  /** Of this client, so that each has other instances. */
  readonly #key = `${Math.random()}${Date.now()}`;
  #first: Promise<void> | undefined;
  #known: () => void = () => undefined;
  #filled = false;
  #answer: number | undefined;

  constructor(options: ServiceResolverOptions) {
    this.#options = options;
  }

  /** Starts, when it has not, and resolves once it is known which instances there are, be it none. */
  ready(): Promise<void> {
    if (this.#closing.signal.aborted) return Promise.resolve();
    if (this.#first === undefined) {
      this.#first = new Promise((resolve) => {
        this.#known = resolve;
      });
      void this.#follow();
    }
    return this.#first;
  }

  get found(): number {
    return this.#answer ?? 0;
  }

  explain(): string {
    if (this.#answer === undefined) return "the registry has not answered";
    if (this.#answer === 0) return "the registry has none";
    const { schemes } = this.#options;
    return `${countInstances(this.#answer)}, none with an endpoint for ${schemes.join(" or ")}`;
  }

  /** Stops. Who waits for {@link ready} waits no longer. */
  close(): void {
    this.#closing.abort();
    this.#known();
  }

  async #follow(): Promise<void> {
    const { discovery, serviceName, logger } = this.#options;
    const { signal } = this.#closing;
    let failures = 0;
    /* oxlint-disable no-await-in-loop -- one watch after the other */
    while (!signal.aborted) {
      let reason: unknown = new Error("the watch ended");
      try {
        for await (const instances of discovery.watch(serviceName, signal)) {
          if (signal.aborted) return;
          failures = 0;
          this.#take(instances);
        }
      } catch (error) {
        reason = error;
      }
      if (signal.aborted) return;
      failures += 1;
      const delay = retry.initial / 2 + backoffDelay(retry, failures);
      logger.error({ err: reason, service: serviceName, retryIn: delay }, "cannot watch a service");
      await sleep(delay, signal);
    }
    /* oxlint-enable no-await-in-loop */
  }

  #take(instances: readonly ServiceInstance[]): void {
    const { schemes, subset, serviceName, logger, onNodes } = this.#options;
    this.#answer = instances.length;
    const callable = instances.filter(
      (instance) => findInstanceNode(instance, schemes) !== undefined,
    );
    const nodes = subsetOf(callable, subset, this.#key).flatMap(
      (instance) => findInstanceNode(instance, schemes) ?? [],
    );
    if (nodes.length > 0) {
      this.#filled = true;
      onNodes(nodes);
    } else {
      logger.warn(
        { service: serviceName, schemes, instances: instances.length, kept: this.#filled },
        "no instance can be called",
      );
    }
    this.#known();
  }
}

function sleep(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, milliseconds);
    signal.addEventListener("abort", end, { once: true });
  });
}
