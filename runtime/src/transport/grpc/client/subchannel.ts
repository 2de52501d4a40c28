import { textOf } from "../../../errors/text-of.ts";
import { backoffDelay } from "../../../resilience/backoff.ts";
import type { Connector, ServerRoute } from "./connector.ts";
import { HealthWatch } from "./health-watch.ts";
import { Link, type LinkOwner } from "./link.ts";

/** How long a server rests that could not be connected to; https://grpc.io/docs/guides/custom-backoff-policy/. */
const rest = { initial: 1000, max: 120_000 };

/** Connections that may end at once, one after the other, before the server rests. */
const maxQuickLosses = 3;

/** Who owns a {@link Subchannel}. */
export interface SubchannelOwner {
  /** Whether calls can go there, or may soon, has changed. */
  onChange(subchannel: Subchannel): void;
  /** There is room for another call. */
  onRoom(subchannel: Subchannel): void;
}

/** What a subchannel is about to do. `resting`: connecting has failed, and is tried again after a while. */
export type SubchannelState = "idle" | "connecting" | "ready" | "unhealthy" | "resting";

/**
 * One server and the connections to it: one, and further ones when it takes no more calls on those that there are.
 * Opened when they are needed, and again after they ended, later each time when that fails.
 */
export class Subchannel implements LinkOwner {
  readonly route: ServerRoute;
  readonly #connector: Connector;
  readonly #owner: SubchannelOwner;
  readonly #closing = new AbortController();
  #links: readonly Link[] = [];
  #connecting = false;
  #health: "unknown" | "serving" | "notServing";
  #watch: HealthWatch | undefined;
  #watched: Link | undefined;
  #quickLosses = 0;
  #failures = 0;
  #failure: Error | undefined;
  #restsUntil = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(route: ServerRoute, connector: Connector, owner: SubchannelOwner) {
    this.route = route;
    this.#connector = connector;
    this.#owner = owner;
    this.#health = connector.healthCheck ? "unknown" : "serving";
  }

  get state(): SubchannelState {
    if (this.#links.length > 0) {
      if (this.#health === "serving") return "ready";
      return this.#health === "unknown" ? "connecting" : "unhealthy";
    }
    if (this.#connecting) return "connecting";
    return performance.now() < this.#restsUntil ? "resting" : "idle";
  }

  /** Why calls cannot go there; undefined when nothing has gone wrong. */
  get failure(): Error | undefined {
    if (this.#links.length > 0 && this.#health !== "serving") {
      const told = this.#health === "notServing";
      return new Error(`the server ${told ? "says that it does not serve" : notToldYet}`);
    }
    return this.#failure;
  }

  /** Whether a call can go there now. */
  get hasRoom(): boolean {
    return this.pick() !== undefined;
  }

  /** Whether it has connections that no call uses. */
  get isQuiet(): boolean {
    return this.#links.every((link) => link.isQuiet);
  }

  /** A connection for a call; undefined when there is none that takes one. */
  pick(): Link | undefined {
    if (this.#health !== "serving") return undefined;
    const links = this.#links;
    for (let i = 0; i < links.length; i++) {
      const link = links[i] as Link;
      if (link.hasRoom) return link;
    }
    return undefined;
  }

  /** Makes that calls can go there, if that takes another connection; while it rests, after that. */
  wake(): void {
    if (this.#connecting || this.#closing.signal.aborted) return;
    if (this.#links.length >= this.#connector.maxConnections) return;
    if (this.#links.length > 0 && (this.#health !== "serving" || this.hasRoom)) return;
    const wait = this.#restsUntil - performance.now();
    if (wait <= 0) void this.#open();
    else this.#timer ??= setTimeout(() => this.#rested(), wait).unref();
  }

  /** Ends its rest, so that it may be connected to at once. */
  forgive(): void {
    this.#restsUntil = 0;
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** Ends the connections, or those that were opened beside the first and that nothing has used since last time. */
  sweep(all: boolean): void {
    for (const [index, link] of this.#links.entries()) {
      if (all || (index > 0 && link.isQuiet && !link.used)) link.connection.retire();
      link.used = false;
    }
  }

  /** No further calls; those that run go on. */
  retire(): void {
    this.#stop();
    for (const link of this.#links) link.connection.retire();
  }

  /** Cuts the connections. */
  close(): void {
    this.#stop();
    for (const link of this.#links) link.connection.destroy();
  }

  lost(link: Link): void {
    this.#links = this.#links.filter((other) => other !== link);
    if (this.#watched === link) this.#stopWatching();
    if (this.#closing.signal.aborted) return;
    if (link.isProven) {
      this.#quickLosses = 0;
      this.#failures = 0;
    } else if (++this.#quickLosses > maxQuickLosses) {
      this.#fail(closedAtOnce());
    }
    this.#startWatching();
    this.#owner.onChange(this);
  }

  room(): void {
    if (this.#health === "serving") this.#owner.onRoom(this);
  }

  #stop(): void {
    this.#closing.abort();
    clearTimeout(this.#timer);
    this.#stopWatching();
  }

  #rested(): void {
    this.#timer = undefined;
    this.wake();
  }

  async #open(): Promise<void> {
    this.#connecting = true;
    const link = new Link(this);
    try {
      const { signal } = this.#closing;
      const connection = await this.#connector.connect(this.route, signal, link);
      this.#connecting = false;
      if (signal.aborted) {
        connection.destroy();
        return;
      }
      link.open(connection);
      if (!connection.usable) throw closedAtOnce();
      this.#failure = undefined;
      this.#links = [...this.#links, link];
      this.#startWatching();
    } catch (error) {
      this.#connecting = false;
      if (this.#closing.signal.aborted) return;
      this.#fail(error instanceof Error ? error : new Error(textOf(error)));
    }
    this.#owner.onChange(this);
  }

  #fail(error: Error): void {
    this.#failure = error;
    this.#failures++;
    // Not less than half of it, so that a server that is down is not asked without end.
    const spread = (): number => (1 + Math.random()) / 2;
    this.#restsUntil = performance.now() + backoffDelay(rest, this.#failures, spread);
  }

  #startWatching(): void {
    const [link] = this.#links;
    if (!this.#connector.healthCheck || this.#watch !== undefined || link === undefined) return;
    this.#watched = link;
    this.#watch = new HealthWatch(link, (serving) => {
      this.#health = serving ? "serving" : "notServing";
      this.#owner.onChange(this);
    });
    this.#watch.start();
  }

  #stopWatching(): void {
    this.#watch?.stop();
    this.#watch = undefined;
    this.#watched = undefined;
    // What another connection to the same server has heard holds until it is heard again.
    if (this.#links.length === 0 && this.#connector.healthCheck) this.#health = "unknown";
  }
}

const notToldYet = "has not said yet whether it serves";

function closedAtOnce(): Error {
  return new Error("the server closed the connection at once");
}
