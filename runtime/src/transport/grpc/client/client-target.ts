import { KratosError } from "../../../errors/kratos-error.ts";
import type { Logger } from "../../../log/logger.ts";
import type { Pick } from "../../../selector/balancer.ts";
import { noNodeError } from "../../../selector/no-node.ts";
import { NodePool } from "../../../selector/node-pool.ts";
import type { NodeFilter } from "../../../selector/node-filter.ts";
import type { ServiceNode } from "../../../selector/service-node.ts";
import { WeightedRoundRobinBalancer } from "../../../selector/weighted-round-robin.ts";
import type { CallContext } from "../../context.ts";
import type { ConnectClient } from "../../http2/client-engine.ts";
import { type ClientEndpoint, findServer } from "./client-endpoint.ts";
import type { GrpcClientOptions } from "./client-options.ts";
import { Connector, type ServerRoute } from "./connector.ts";
import type { Link } from "./link.ts";
import { createNodeSource, type NodeReceiver, type NodeSource } from "./node-source.ts";
import { Subchannel, type SubchannelOwner } from "./subchannel.ts";
import { type Caller, WaitingCalls } from "./waiting-calls.ts";

/** Servers that an error names. */
const maxNames = 3;

/** How often unused connections are looked for, in milliseconds. */
const sweepInterval = 60_000;

/**
 * The servers of a client, and the way of each call to one of them. With several servers, connections are kept to
 * all of them, and the balancer chooses among those that are connected and healthy; with one, it is connected when
 * it is called.
 */
export class ClientTarget implements SubchannelOwner, NodeReceiver {
  readonly #endpoint: string;
  readonly #logger: Logger;
  readonly #connector: Connector;
  readonly #filters: readonly NodeFilter[];
  readonly #waiting = new WaitingCalls();
  readonly #idleTimeout: number;
  /** The only server; undefined when there may be several. */
  readonly #single: Subchannel | undefined;
  readonly #source: NodeSource | undefined;
  /** Of the nodes to which a call can go now. */
  readonly #pool: NodePool;
  readonly #byNode = new WeakMap<ServiceNode, Subchannel>();
  #members: ReadonlyMap<string, Member> = new Map();
  #sweepTimer: NodeJS.Timeout | undefined;
  /** Whether there was a call since the last sweep, and when there was last one. */
  #used = false;
  #usedAt = 0;
  /** Whether a server could be called when that was last looked at. */
  #ready = false;
  /** Whether connections stay closed until there is a call. */
  #resting = true;
  #closed = false;

  /** Throws a `TypeError` for options that do not fit. */
  constructor(
    endpoint: ClientEndpoint,
    options: GrpcClientOptions,
    logger: Logger,
    connect: ConnectClient,
  ) {
    this.#endpoint = options.endpoint;
    this.#logger = logger;
    this.#connector = new Connector(options, endpoint.kind !== "server", connect);
    this.#filters = options.filters ?? [];
    this.#idleTimeout = Math.max(0, options.idleTimeout ?? 30 * 60 * 1000);
    this.#pool = new NodePool(options.balancer ?? new WeightedRoundRobinBalancer(), this.#filters);
    if (endpoint.kind === "server") {
      const secure = endpoint.secure || options.tls !== undefined;
      const route = { ...endpoint.server, secure, servername: undefined };
      this.#single = new Subchannel(route, this.#connector, this);
    } else {
      this.#source = createNodeSource(endpoint, options, logger, this);
    }
  }

  /** Whether a call that failed at the servers in `tried` can go to another one. */
  hasOthers(context: CallContext, tried: readonly ServiceNode[]): boolean {
    return this.#single === undefined && this.#pool.hasUntried(context, tried);
  }

  /** Places `call` on a connection, at once or later, or refuses it with 503. */
  find(call: Caller): void {
    if (this.#closed) {
      call.refuse(closedError());
      return;
    }
    this.#used = true;
    if (this.#tryPlace(call)) return;
    this.#start();
    this.#waiting.add(call);
    if (!call.waitForReady && !this.#isHopeful(call)) this.#refuse(call);
  }

  /** `call` has ended while it was waiting. */
  leave(call: Caller): void {
    this.#waiting.delete(call);
  }

  /** Why calls wait; undefined when nothing is known to be wrong. */
  get failure(): Error | undefined {
    return this.#all().find(({ failure }) => failure !== undefined)?.failure;
  }

  /** Cuts all connections; what waits for one is refused. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#sweepTimer);
    this.#source?.close();
    for (const subchannel of this.#all()) subchannel.close();
    const error = closedError();
    for (const call of this.#waiting) {
      this.#waiting.delete(call);
      call.refuse(error);
    }
  }

  onNodes(nodes: readonly ServiceNode[]): void {
    if (this.#closed) return;
    const before = this.#members;
    const members = new Map<string, Member>();
    for (const node of nodes) {
      const key = `${node.scheme}://${node.address}`;
      const subchannel = before.get(key)?.subchannel ?? this.#createSubchannel(node);
      if (subchannel === undefined) continue;
      members.set(key, { node, subchannel });
      this.#byNode.set(node, subchannel);
    }
    this.#members = members;
    this.#refresh();
    if (!this.#resting) for (const { subchannel } of members.values()) subchannel.wake();
    this.#settle();
    // Only now, so that no call finds nobody in between.
    for (const [key, { subchannel }] of before) if (!members.has(key)) subchannel.retire();
  }

  onKnown(): void {
    if (!this.#closed) this.#settle();
  }

  onChange(subchannel: Subchannel): void {
    if (this.#closed) return;
    const { failure } = subchannel;
    if (failure !== undefined) {
      const { authority } = subchannel.route;
      this.#logger.debug({ err: failure, server: authority }, "a server cannot be called");
      this.#source?.refresh();
    }
    this.#refresh();
    this.#noticeLoss();
    if (!this.#resting && (this.#single === undefined || this.#waiting.size > 0)) subchannel.wake();
    this.#settle();
    // Those for which there was no room may need another connection.
    if (this.#waiting.size > 0) for (const each of this.#all()) each.wake();
  }

  onRoom(subchannel: Subchannel): void {
    // Straight to where there is room: what waits has found none elsewhere.
    for (const call of this.#waiting) {
      const link = subchannel.pick();
      if (link === undefined) return;
      if (this.#accepts(subchannel, call)) this.#place(call, link, undefined);
    }
    this.#refresh();
  }

  /**
   * When the last of several servers has gone, those that rest are asked at once: in a rolling restart they are
   * back by now.
   */
  #noticeLoss(): void {
    if (this.#single !== undefined) return;
    const subchannels = this.#all();
    const ready = subchannels.some(({ state }) => state === "ready");
    if (this.#ready && !ready && !this.#resting) {
      for (const subchannel of subchannels) {
        subchannel.forgive();
        subchannel.wake();
      }
    }
    this.#ready = ready;
  }

  #tryPlace(call: Caller): boolean {
    if (this.#single !== undefined) {
      const link = this.#single.pick();
      if (link === undefined) return false;
      this.#place(call, link, undefined);
      return true;
    }
    const pick = this.#pool.pick(call.context, call.tried);
    if (pick === undefined) return false;
    const subchannel = this.#byNode.get(pick.node);
    const link = subchannel?.pick();
    if (subchannel === undefined || link === undefined) {
      pick.done(undefined);
      return false;
    }
    this.#place(call, link, pick);
    if (!link.hasRoom && !subchannel.hasRoom) this.#refresh();
    return true;
  }

  #place(call: Caller, link: Link, pick: Pick | undefined): void {
    if (this.#waiting.size > 0) this.#waiting.delete(call);
    link.used = true;
    call.place(link, pick);
  }

  /** Connects where that is needed for the calls that wait. */
  #start(): void {
    this.#resting = false;
    this.#source?.start();
    this.#single?.wake();
    for (const { subchannel } of this.#members.values()) subchannel.wake();
    if (this.#sweepTimer === undefined) this.#scheduleSweep();
  }

  /** Lets the calls go that wait and need not any more. */
  #settle(): void {
    for (const call of this.#waiting) {
      if (this.#tryPlace(call)) continue;
      if (this.#isHopeful(call)) {
        // Without filters what holds for one holds for all.
        if (this.#filters.length === 0) break;
      } else if (!call.waitForReady) {
        this.#refuse(call);
      }
    }
  }

  /** Whether there may soon be a connection for `call`. */
  #isHopeful(call: Caller): boolean {
    if (this.#source?.known === false) return true;
    return this.#candidates(call).some(({ state }) => state !== "unhealthy" && state !== "resting");
  }

  #refuse(call: Caller): void {
    this.#waiting.delete(call);
    const candidates = this.#candidates(call);
    if (candidates.length === 0) {
      call.refuse(noNodeError(this.#endpoint, this.#members.size, this.#source?.origin));
      return;
    }
    const names = candidates.map(({ route }) => `"${nameOf(route)}"`);
    const others = names.length > maxNames ? ` and ${names.length - maxNames} others` : "";
    const where = names.slice(0, maxNames).join(", ") + others;
    const cause = candidates.find(({ failure }) => failure !== undefined)?.failure;
    const why = cause === undefined ? "" : `: ${cause.message}`;
    call.refuse(new KratosError(503, "UNREACHABLE", `cannot reach ${where}${why}`, { cause }));
  }

  /** The servers that `call` may go to, whatever state they are in. */
  #candidates(call: Caller): readonly Subchannel[] {
    if (this.#single !== undefined) return [this.#single];
    const members = [...this.#members.values()];
    let nodes: readonly ServiceNode[] = members.map(({ node }) => node);
    for (const filter of this.#filters) nodes = filter(nodes, call.context);
    return nodes.flatMap((node) => this.#byNode.get(node) ?? []);
  }

  #accepts(subchannel: Subchannel, call: Caller): boolean {
    return this.#filters.length === 0 || this.#candidates(call).includes(subchannel);
  }

  #createSubchannel({ scheme, address }: ServiceNode): Subchannel | undefined {
    const server = findServer(address);
    if (server === undefined) return undefined;
    const route = { ...server, secure: scheme === "grpcs", servername: undefined };
    return new Subchannel({ ...route, ...this.#source?.identity }, this.#connector, this);
  }

  #refresh(): void {
    if (this.#single !== undefined) return;
    const members = [...this.#members.values()];
    this.#pool.apply(members.flatMap(({ node, subchannel }) => (subchannel.hasRoom ? node : [])));
  }

  #scheduleSweep(): void {
    const delay =
      this.#idleTimeout === 0 ? sweepInterval : Math.min(this.#idleTimeout, sweepInterval);
    this.#sweepTimer = setTimeout(() => this.#sweep(), delay).unref();
  }

  /** Ends connections that are of no use any more. */
  #sweep(): void {
    const now = performance.now();
    const subchannels = this.#all();
    const quiet = this.#waiting.size === 0 && subchannels.every(({ isQuiet }) => isQuiet);
    if (this.#used || !quiet) this.#usedAt = now;
    this.#used = false;
    const idle = this.#idleTimeout > 0 && now - this.#usedAt >= this.#idleTimeout;
    this.#resting = idle;
    for (const subchannel of subchannels) subchannel.sweep(idle);
    this.#sweepTimer = undefined;
    if (!idle) this.#scheduleSweep();
  }

  #all(): readonly Subchannel[] {
    if (this.#single !== undefined) return [this.#single];
    return [...this.#members.values()].map(({ subchannel }) => subchannel);
  }
}

interface Member {
  readonly node: ServiceNode;
  readonly subchannel: Subchannel;
}

/** For people: a path in place of the `localhost` that stands for it. */
function nameOf({ address, authority }: ServerRoute): string {
  return "path" in address ? address.path : authority;
}

/** What a call fails with whose client was closed. */
export function closedError(): KratosError {
  return new KratosError(499, "CLIENT_CLOSED", "the client is closed");
}
