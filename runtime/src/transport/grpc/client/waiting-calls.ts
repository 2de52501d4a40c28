import type { KratosError } from "../../../errors/kratos-error.ts";
import type { Pick } from "../../../selector/balancer.ts";
import type { ServiceNode } from "../../../selector/service-node.ts";
import type { CallContext } from "../../context.ts";
import type { Link } from "./link.ts";

/** What looks for a connection: an attempt of a call. */
export interface Caller {
  readonly context: CallContext;
  /** Servers that it would rather not go to. */
  readonly tried: readonly ServiceNode[];
  /** Whether it waits while no server can be reached. */
  readonly waitForReady: boolean;
  /** There is a connection; `pick` when it was chosen among several servers. */
  place(link: Link, pick: Pick | undefined): void;
  /** There is none, nor will there be one soon. */
  refuse(error: KratosError): void;
}

/** The longest delay that `setInterval` takes, in milliseconds. */
const longest = 2 ** 31 - 1;

/** Calls that wait for a connection, those that have waited the longest first. */
export class WaitingCalls {
  readonly #calls = new Set<Caller>();
  /** Holds the process: those who wait for a server that is away have nothing else that does. */
  #hold: NodeJS.Timeout | undefined;

  get size(): number {
    return this.#calls.size;
  }

  add(call: Caller): void {
    this.#calls.add(call);
    this.#hold ??= setInterval(nothing, longest);
  }

  delete(call: Caller): void {
    if (!this.#calls.delete(call) || this.#calls.size > 0) return;
    clearInterval(this.#hold);
    this.#hold = undefined;
  }

  [Symbol.iterator](): Iterator<Caller> {
    return this.#calls.values();
  }
}

function nothing(): void {}
