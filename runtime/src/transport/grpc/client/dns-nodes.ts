import { lookup } from "node:dns/promises";
import { textOf } from "../../../errors/text-of.ts";
import type { Logger } from "../../../log/logger.ts";
import { backoffDelay } from "../../../resilience/backoff.ts";
import type { NodeOrigin } from "../../../selector/no-node.ts";
import type { ServiceNode } from "../../../selector/service-node.ts";
import { toStaticNodes } from "../../../selector/static-nodes.ts";
import { socketAddress } from "../../http2/socket-address.ts";
import type { ServerRoute } from "./connector.ts";
import type { NodeReceiver, NodeSource } from "./node-source.ts";

/** Milliseconds between looks at a name, however many servers are lost (gRPC has the same). */
const minInterval = 30_000;

/** How long to wait before a name is looked up again that is not known. */
const retry = { initial: 1000, max: 30_000 };

/**
 * The addresses that a name has. It is looked up again when a server is lost. A look that finds nothing changes
 * nothing, since a name server that is away must not stop those who call.
 */
export class DnsNodes implements NodeSource, NodeOrigin {
  known = false;
  readonly origin: NodeOrigin = this;
  readonly identity: Partial<ServerRoute>;
  readonly #host: string;
  readonly #port: number;
  readonly #scheme: string;
  readonly #logger: Logger;
  readonly #receiver: NodeReceiver;
  #nodes: readonly ServiceNode[] = [];
  #timer: NodeJS.Timeout | undefined;
  #looking = false;
  #lookedAt = Number.NEGATIVE_INFINITY;
  #failures = 0;
  #failure: unknown;
  #closed = false;

  constructor(
    { host, port }: { readonly host: string; readonly port: number },
    scheme: string,
    logger: Logger,
    receiver: NodeReceiver,
  ) {
    this.#host = host;
    this.#port = port;
    this.#scheme = scheme;
    this.#logger = logger;
    this.#receiver = receiver;
    this.identity = { authority: socketAddress(host, port), servername: host };
  }

  get found(): number {
    return this.#nodes.length;
  }

  explain(): string {
    return this.#failure === undefined ? "its name has no address" : textOf(this.#failure);
  }

  start(): void {
    if (!this.known) void this.#look();
  }

  refresh(): void {
    if (this.#looking || this.#timer !== undefined || this.#closed) return;
    const wait = this.#lookedAt + minInterval - performance.now();
    this.#schedule(Math.max(0, wait));
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  #schedule(delay: number): void {
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      void this.#look();
    }, delay).unref();
  }

  async #look(): Promise<void> {
    if (this.#looking || this.#closed) return;
    this.#looking = true;
    try {
      const found = await lookup(this.#host, { all: true });
      if (this.#closed) return;
      this.#failures = 0;
      this.#take([...new Set(found.map(({ address }) => socketAddress(address, this.#port)))]);
    } catch (error) {
      if (this.#closed) return;
      this.#failures++;
      this.#failure = error;
      const delay = retry.initial / 2 + backoffDelay(retry, this.#failures);
      this.#logger.error({ err: error, host: this.#host, retryIn: delay }, "cannot look up a name");
      this.#schedule(delay);
    } finally {
      this.#looking = false;
      this.#lookedAt = performance.now();
    }
    if (this.known) return;
    this.known = true;
    this.#receiver.onKnown();
  }

  /** Nodes that were there before stay the same objects. */
  #take(addresses: readonly string[]): void {
    const before = new Map(this.#nodes.map((node) => [node.address, node]));
    this.#nodes = toStaticNodes(this.#scheme, addresses).map(
      (node) => before.get(node.address) ?? node,
    );
    this.#receiver.onNodes(this.#nodes);
  }
}
