import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:http2";
import { setTimeout } from "node:timers/promises";
import { type LoadKind, loadKinds } from "./load.ts";
import type { Holdings } from "./soak-server.ts";

/** What a soak has shown. */
export interface SoakResult {
  /** How often each kind of client has run. */
  readonly runs: ReadonlyMap<string, number>;
  /** What the server held, by the seconds that had passed; the last after all clients had gone. */
  readonly samples: readonly (readonly [seconds: number, holdings: Holdings])[];
}

/** Milliseconds between two runs of one client, so that the machine has time for others. */
const pause = 2;

/** Drives a server in a process of its own for `seconds`, with `samples` looks at what it holds. */
export async function soak(seconds: number, samples: number): Promise<SoakResult> {
  const server = fork(new URL("soak-server.ts", import.meta.url), {
    execArgv: [...process.execArgv, "--expose-gc"],
  });
  try {
    const [port] = (await once(server, "message")) as [number];
    return await drive(server, port, seconds, samples);
  } finally {
    server.disconnect();
  }
}

async function drive(
  server: ChildProcess,
  port: number,
  seconds: number,
  count: number,
): Promise<SoakResult> {
  const runs = new Map<string, number>();
  const taken: [number, Holdings][] = [];
  const end = performance.now() + seconds * 1000;
  const session = connect(`http://127.0.0.1:${port}`);
  const repeat = async (kind: LoadKind): Promise<void> => {
    while (performance.now() < end) {
      /* oxlint-disable no-await-in-loop -- one client */
      await kind.run(port, session);
      runs.set(kind.title, (runs.get(kind.title) ?? 0) + 1);
      await setTimeout(pause);
      /* oxlint-enable no-await-in-loop */
    }
  };
  const clients = loadKinds.flatMap((kind) => Array.from({ length: kind.at }, () => repeat(kind)));
  const sample = async (): Promise<void> => {
    for (let i = 1; i <= count; i++) {
      /* oxlint-disable no-await-in-loop -- one look after the other */
      await setTimeout((seconds * 1000) / (count + 1));
      taken.push([Math.round((seconds * i) / (count + 1)), await ask(server)]);
      /* oxlint-enable no-await-in-loop */
    }
  };
  await Promise.all([sample(), ...clients]);
  session.destroy();
  let last = await ask(server);
  for (let i = 0; i < 50 && last.connections > 0; i++) {
    await setTimeout(100); // oxlint-disable-line no-await-in-loop -- until the last has gone
    last = await ask(server);
  }
  taken.push([seconds, last]);
  return { runs, samples: taken };
}

async function ask(server: ChildProcess): Promise<Holdings> {
  server.send("measure");
  const [holdings] = (await once(server, "message")) as [Holdings];
  return holdings;
}
