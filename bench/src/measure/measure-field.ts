import type { Pressure, LoadGenerator, Work } from "../load/load.ts";
import type { Field, Peer } from "../peers.ts";
import { ServerProcess } from "./server-process.ts";
import type { Spread } from "./statistics.ts";
import { orderInRound, spreadOf } from "./statistics.ts";

/** For so long each process is driven before it counts, so that V8 has compiled what is hot. */
export const warmUpSeconds = 2;

/** A kind of request, such as `POST`. */
export interface Scenario {
  readonly title: string;
  readonly work: Work;
}

/** How a field is measured. */
export interface FieldRun {
  readonly field: Field;
  /** Folder of the servers in `servers/`. */
  readonly folder: string;
  readonly scenarios: readonly Scenario[];
  readonly pressure: Pressure;
  readonly load: LoadGenerator;
  readonly serverCore: number | undefined;
  readonly rounds: number;
  readonly seconds: number;
  /** Throws when the server on this port gives a wrong answer. */
  readonly check: (port: number) => Promise<void>;
  /** Told what is being done, for people who wait. */
  readonly onStep: (step: string) => void;
}

/** One server or client under one scenario. */
export interface Row {
  readonly peer: Peer;
  /** Requests per second, divided by the mark's in the same round. */
  readonly ratio: Spread;
  /**
   * The mark's CPU per request divided by this server's, each in its best round: other work on the machine
   * only ever adds to it. What `ratio` is where nothing disturbs.
   */
  readonly cpuRatio: number;
  readonly requestsPerSecond: Spread;
  /** Microseconds of the server's CPU for each request. */
  readonly cpuPerRequest: Spread;
  /** Share of the slot in which the server's CPU was busy. Well below 1: the generator was the limit. */
  readonly busy: Spread;
}

/** Whether the server, and not the load generator, set the pace in most rounds. */
export function isSaturated(row: Row): boolean {
  return row.busy.median >= 0.9;
}

/** One scenario: the mark first. */
export interface FieldResult {
  readonly title: string;
  readonly rows: readonly Row[];
}

/** One process in one slot. */
export interface Slot {
  readonly requestsPerSecond: number;
  readonly cpuPerRequest: number;
  readonly busy: number;
}

/**
 * Measures every server of a field under every scenario. Each round starts the servers anew, one at a time:
 * what V8 makes of the same code differs from process to process, and stays so while the process lives.
 * Throws when a server fails or answers wrongly.
 */
export async function measureField(run: FieldRun): Promise<FieldResult[]> {
  const peers = [run.field.mark, ...run.field.peers];
  const slots = new Map(
    run.scenarios.map((scenario) => [scenario, new Map<Peer, Slot[]>(peers.map((p) => [p, []]))]),
  );
  for (let round = 0; round < run.rounds; round++) {
    for (const peer of orderInRound(peers, round)) {
      run.onStep(`round ${round + 1} of ${run.rounds}: ${peer.title}`);
      for (const [scenario, slot] of await naming(peer, measureServer(run, peer))) {
        slots.get(scenario)?.get(peer)?.push(slot);
      }
    }
  }
  return run.scenarios.map((scenario) => {
    const byPeer = slots.get(scenario);
    const marks = byPeer?.get(run.field.mark) ?? [];
    const rows = peers.map((peer) => toRow(peer, byPeer?.get(peer) ?? [], marks));
    return { title: scenario.title, rows };
  });
}

/** One process of one server under every scenario. */
async function measureServer(run: FieldRun, peer: Peer): Promise<Map<Scenario, Slot>> {
  const server = await ServerProcess.start(`${run.folder}/${peer.id}`, run.serverCore);
  try {
    await run.check(server.port);
    const slots = new Map<Scenario, Slot>();
    for (const scenario of run.scenarios) {
      await measureSlot(run, scenario.work, server, warmUpSeconds);
      slots.set(scenario, await measureSlot(run, scenario.work, server, run.seconds));
    }
    return slots;
  } finally {
    await server.stop();
  }
}

async function measureSlot(
  run: FieldRun,
  work: Work,
  server: ServerProcess,
  seconds: number,
): Promise<Slot> {
  const start = performance.now();
  const { microseconds: before } = await server.usage();
  const { requests, requestsPerSecond } = await run.load.run({
    port: server.port,
    work,
    pressure: run.pressure,
    seconds,
  });
  const microseconds = (await server.usage()).microseconds - before;
  const elapsed = (performance.now() - start) * 1000;
  return {
    requestsPerSecond,
    cpuPerRequest: microseconds / requests,
    busy: microseconds / Math.min(elapsed, (requests / requestsPerSecond) * 1e6),
  };
}

/** The row of `peer`, whose slots, as those of the mark, are in the order of the rounds. */
export function toRow(peer: Peer, slots: readonly Slot[], marks: readonly Slot[]): Row {
  return {
    peer,
    ratio: spreadOf(
      slots.map((slot, round) => slot.requestsPerSecond / (marks[round]?.requestsPerSecond ?? NaN)),
    ),
    cpuRatio: leastCpu(marks) / leastCpu(slots),
    requestsPerSecond: spreadOf(slots.map((slot) => slot.requestsPerSecond)),
    cpuPerRequest: spreadOf(slots.map((slot) => slot.cpuPerRequest)),
    busy: spreadOf(slots.map((slot) => slot.busy)),
  };
}

function leastCpu(slots: readonly Slot[]): number {
  return Math.min(...slots.map((slot) => slot.cpuPerRequest));
}

/** Puts the server's name in front of what went wrong with it. */
export async function naming<T>(peer: Peer, step: Promise<T>): Promise<T> {
  try {
    return await step;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new Error(`${peer.title}: ${message}`, { cause: error });
  }
}
