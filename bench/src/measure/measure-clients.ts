import { fileURLToPath } from "node:url";
import type { DriveRequest, DriveResult } from "../clients/drive.ts";
import { runPinned } from "../load/run-process.ts";
import type { Field, Peer } from "../peers.ts";
import type { Cores } from "./cores.ts";
import { type FieldResult, naming, type Slot, toRow, warmUpSeconds } from "./measure-field.ts";
import { ServerProcess } from "./server-process.ts";
import { orderInRound } from "./statistics.ts";

/** How clients are measured. */
export interface ClientRun {
  readonly field: Field;
  /** The server that all of them call, cheaper than any of them. */
  readonly server: string;
  /** Calls under way at any time, one scenario for each number. */
  readonly inFlight: readonly number[];
  /** Clients run where servers do otherwise. */
  readonly cores: Cores;
  readonly rounds: number;
  readonly seconds: number;
  /** Told what is being done, for people who wait. */
  readonly onStep: (step: string) => void;
}

/** Measures every client of a field, each time in a process of its own. Throws when a call fails. */
export async function measureClients(run: ClientRun): Promise<FieldResult[]> {
  const peers = [run.field.mark, ...run.field.peers];
  const slots = run.inFlight.map(() => new Map<Peer, Slot[]>(peers.map((peer) => [peer, []])));
  for (let round = 0; round < run.rounds; round++) {
    const server = await ServerProcess.start(run.server, run.cores.load);
    try {
      for (const peer of orderInRound(peers, round)) {
        run.onStep(`round ${round + 1} of ${run.rounds}: client, ${peer.title}`);
        for (const [index, inFlight] of run.inFlight.entries()) {
          const slot = await naming(peer, measureClient(run, peer, server.port, inFlight));
          slots[index]?.get(peer)?.push(slot);
        }
      }
    } finally {
      await server.stop();
    }
  }
  return run.inFlight.map((inFlight, index) => {
    const byPeer = slots[index];
    const marks = byPeer?.get(run.field.mark) ?? [];
    return {
      title: `gRPC client, ${inFlight} ${inFlight === 1 ? "call" : "calls"} under way`,
      rows: peers.map((peer) => toRow(peer, byPeer?.get(peer) ?? [], marks)),
    };
  });
}

async function measureClient(
  run: ClientRun,
  peer: Peer,
  port: number,
  inFlight: number,
): Promise<Slot> {
  const { seconds } = run;
  const script = fileURLToPath(new URL(`../clients/${peer.id}.js`, import.meta.url));
  const request: DriveRequest = { port, inFlight, warmUpSeconds, seconds };
  const command = [process.execPath, script, JSON.stringify(request)];
  const printed = await runPinned(run.cores.server, command, warmUpSeconds + seconds);
  const result = JSON.parse(printed) as DriveResult;
  return {
    requestsPerSecond: result.calls / result.seconds,
    cpuPerRequest: result.microseconds / result.calls,
    busy: result.microseconds / (result.seconds * 1e6),
  };
}
