import type { Discovery } from "./discovery.ts";
import type { Registrar, ServiceInstance } from "./registrar.ts";

/** A registry inside of one process, for tests and for programs of several services. */
export class MemoryRegistry implements Registrar, Discovery {
  readonly #instances = new Map<string, ServiceInstance>();
  readonly #watches = new Set<Watch>();

  register(instance: ServiceInstance, signal: AbortSignal): Promise<void> {
    return this.#change(instance.name, signal, () =>
      this.#instances.set(keyOf(instance), instance),
    );
  }

  deregister(instance: ServiceInstance, signal: AbortSignal): Promise<void> {
    return this.#change(instance.name, signal, () => this.#instances.delete(keyOf(instance)));
  }

  async getService(name: string, signal: AbortSignal): Promise<readonly ServiceInstance[]> {
    signal.throwIfAborted();
    return this.#find(name);
  }

  async *watch(
    name: string,
    signal: AbortSignal,
  ): AsyncGenerator<readonly ServiceInstance[], void> {
    const watch = new Watch(name);
    const end = () => watch.wake();
    signal.addEventListener("abort", end, { once: true });
    this.#watches.add(watch);
    try {
      while (!signal.aborted) {
        watch.changed = false;
        yield this.#find(name);
        await watch.change(signal); // oxlint-disable-line no-await-in-loop -- one change after the other
      }
    } finally {
      this.#watches.delete(watch);
      signal.removeEventListener("abort", end);
    }
  }

  async #change(name: string, signal: AbortSignal, change: () => void): Promise<void> {
    signal.throwIfAborted();
    change();
    for (const watch of this.#watches) if (watch.name === name) watch.wake();
  }

  #find(name: string): readonly ServiceInstance[] {
    return [...this.#instances.values()].filter((instance) => instance.name === name);
  }
}

function keyOf({ name, id }: ServiceInstance): string {
  return `${name}/${id}`;
}

/** Somebody who wants to know of changes; several that come at once are one. */
class Watch {
  readonly name: string;
  changed = false;
  #wake: (() => void) | undefined;

  constructor(name: string) {
    this.name = name;
  }

  wake(): void {
    this.changed = true;
    this.#wake?.();
  }

  async change(signal: AbortSignal): Promise<void> {
    if (this.changed || signal.aborted) return;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    this.#wake = undefined;
  }
}
