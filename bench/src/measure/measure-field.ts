import type { Pressure, LoadGenerator, Work } from "../load/load.ts";
import type { Field, Peer } from "../peers.ts";
import { ServerProcess } from "./server-process.ts";
import type { Spread } from "./statistics.ts";
import { orderInRound, spreadOf } from "./statistics.ts";

/** A kind of request, such as `POST`. */
export interface Scenario {
  readonly title: string;
  readonly work: Work;
}

/** How a field is measured. */
export interface FieldRun {
  readonly field: Field;
  /** Folder of the servers: `http` or `grpc`. */
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

/** One server under one scenario. */
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

interface Slot {
  readonly requestsPerSecond: number;
  readonly cpuPerRequest: number;
  readonly busy: number;
}

/** Measures every server of a field under every scenario. Throws when one fails or answers wrongly. */
export async function measureField(run: FieldRun): Promise<FieldResult[]> {
  const peers = [run.field.mark, ...run.field.peers];
  const servers = new Map<Peer, ServerProcess>();
  try {
    for (const peer of peers) {
      const server = await ServerProcess.start(`${run.folder}/${peer.id}`, run.serverCore);
      servers.set(peer, server);
      await naming(peer, run.check(server.port));
    }
    const results: FieldResult[] = [];
    for (const scenario of run.scenarios) {
      results.push(await measureScenario(run, scenario, servers));
    }
    return results;
  } finally {
    await Promise.all(Array.from(servers.values(), (server) => server.stop()));
  }
}

async function measureScenario(
  run: FieldRun,
  scenario: Scenario,
  servers: ReadonlyMap<Peer, ServerProcess>,
): Promise<FieldResult> {
  const peers = Array.from(servers.keys());
  const slots = new Map<Peer, Slot[]>(peers.map((peer) => [peer, []]));
  const measure = (peer: Peer, server: ServerProcess, seconds: number): Promise<Slot> =>
    naming(peer, measureSlot(run, scenario.work, server, seconds));

  for (const [peer, server] of servers) {
    run.onStep(`${scenario.title}: warming up ${peer.title}`);
    await measure(peer, server, Math.min(1, run.seconds));
  }
  for (let round = 0; round < run.rounds; round++) {
    for (const [peer, server] of orderInRound(Array.from(servers), round)) {
      run.onStep(`${scenario.title}: round ${round + 1} of ${run.rounds}, ${peer.title}`);
      slots.get(peer)?.push(await measure(peer, server, run.seconds));
    }
  }
  const marks = slots.get(run.field.mark) ?? [];
  const rows = peers.map((peer) => toRow(peer, slots.get(peer) ?? [], marks));
  return { title: scenario.title, rows };
}

async function measureSlot(
  run: FieldRun,
  work: Work,
  server: ServerProcess,
  seconds: number,
): Promise<Slot> {
  const start = performance.now();
  const before = await server.usage();
  const { requests, requestsPerSecond } = await run.load.run({
    port: server.port,
    work,
    pressure: run.pressure,
    seconds,
  });
  const microseconds = (await server.usage()) - before;
  const elapsed = (performance.now() - start) * 1000;
  return {
    requestsPerSecond,
    cpuPerRequest: microseconds / requests,
    busy: microseconds / Math.min(elapsed, (requests / requestsPerSecond) * 1e6),
  };
}

function toRow(peer: Peer, slots: readonly Slot[], marks: readonly Slot[]): Row {
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
async function naming<T>(peer: Peer, step: Promise<T>): Promise<T> {
  try {
    return await step;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new Error(`${peer.title}: ${message}`, { cause: error });
  }
}
