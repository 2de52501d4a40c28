import { StatusWatch } from "./status-watch.ts";

/** What is said of a service (`grpc.health.v1.HealthCheckResponse.ServingStatus`). */
export type ServingStatus = "SERVING" | "NOT_SERVING";

/** What a service may say about its own health. */
export interface Health {
  /**
   * Whether `service` (full name; `""`: the whole server) takes calls. Tells whoever watches it. As long as the
   * server has not started, and once it is to stop, nothing serves whatever is said here.
   */
  setServing(service: string, serving: boolean): void;
}

/**
 * What the health service of a server has to tell: of the server as a whole (`""`) and of each service that it
 * knows; all serve while the server does, unless told otherwise.
 */
export class HealthStatuses implements Health {
  readonly #services = new Map<string, boolean>([["", true]]);
  readonly #watches = new Map<StatusWatch, string>();
  #state: "starting" | "serving" | "stopping" | "stopped" = "starting";
  /** Why watches end. */
  #reason: Error | undefined;

  setServing(service: string, serving: boolean): void {
    this.#services.set(service, serving);
    for (const [watch, watched] of this.#watches) {
      if (watched === service) watch.check();
    }
  }

  /** Makes a service known. */
  add(service: string): void {
    if (!this.#services.has(service)) this.setServing(service, true);
  }

  /** The server takes calls from now on. */
  serve(): void {
    if (this.#state === "starting") this.#enter("serving");
  }

  /** Nothing serves any more, for good, but may still be asked about. */
  retire(): void {
    if (this.#state !== "stopped") this.#enter("stopping");
  }

  /** Ends the watches, too, with `reason`, once they have told that nothing serves. */
  shutdown(reason: Error): void {
    this.retire();
    this.#state = "stopped";
    for (const watch of this.#watches.keys()) watch.end(reason);
    this.#watches.clear();
    this.#reason = reason;
  }

  /** Undefined: the service is not known. */
  find(service: string): ServingStatus | undefined {
    const serving = this.#services.get(service);
    if (serving === undefined) return undefined;
    return serving && this.#state === "serving" ? "SERVING" : "NOT_SERVING";
  }

  /** The status of every service that is known. */
  list(): ReadonlyMap<string, ServingStatus> {
    const names = [...this.#services.keys()];
    return new Map(names.map((name) => [name, this.find(name) ?? "NOT_SERVING"]));
  }

  /** The status of a service as it changes; undefined while the service is not known. */
  watch(service: string): StatusWatch {
    const watch = new StatusWatch(
      () => this.find(service),
      () => this.#watches.delete(watch),
    );
    if (this.#reason === undefined) this.#watches.set(watch, service);
    else watch.end(this.#reason);
    return watch;
  }

  #enter(state: "serving" | "stopping"): void {
    this.#state = state;
    for (const watch of this.#watches.keys()) watch.check();
  }
}
