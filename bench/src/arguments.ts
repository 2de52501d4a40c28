import { parseArgs } from "node:util";

/** The parts of the bench, in the order in which they run. */
export const parts = ["http", "grpc", "streams", "clients", "cli"] as const;
export type Part = (typeof parts)[number];

/** What was asked for on the command line. */
export interface BenchOptions {
  readonly parts: readonly Part[];
  readonly rounds: number;
  /** Length of one slot: one server or client, one kind of request. */
  readonly seconds: number;
  /** Ids of the servers and clients to measure beside the mark; empty: all. */
  readonly servers: readonly string[];
  readonly json: boolean;
  readonly gate: boolean;
  /** Drives with the Node generators even where wrk and h2load are installed. */
  readonly nodeLoad: boolean;
  readonly help: boolean;
}

export const usage = `npm run bench -- [options]

  --only <part,…>      ${parts.join(", ")} (default: all)
  --servers <id,…>     only these servers and clients, and the marks (default: all)
  --rounds <n>         rounds, alternately forwards and backwards (default: 3)
  --seconds <n>        length of a slot (default: 2)
  --node-load          do not use wrk and h2load, even where they are installed
  --json               print the figures as JSON instead of tables
  --gate               exit with 1 when a goal is missed
`;

/** Reads the command line. Throws when an option is unknown or its value makes no sense. */
export function parseArguments(argv: readonly string[]): BenchOptions {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      only: { type: "string", multiple: true, default: [] },
      servers: { type: "string", multiple: true, default: [] },
      rounds: { type: "string", default: "3" },
      seconds: { type: "string", default: "2" },
      "node-load": { type: "boolean", default: false },
      json: { type: "boolean", default: false },
      gate: { type: "boolean", default: false },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  const only = splitList(values.only);
  for (const name of only) {
    if (!isPart(name)) {
      throw new Error(`unknown part "${name}" after --only, choose from ${parts.join(", ")}`);
    }
  }
  return {
    parts: parts.filter((part) => only.length === 0 || only.includes(part)),
    rounds: parseCount("--rounds", values.rounds, Number.isInteger),
    seconds: parseCount("--seconds", values.seconds, Number.isFinite),
    servers: splitList(values.servers),
    json: values.json,
    gate: values.gate,
    nodeLoad: values["node-load"],
    help: values.help,
  };
}

function isPart(name: string): name is Part {
  return parts.some((part) => part === name);
}

function splitList(values: readonly string[]): string[] {
  return values.flatMap((value) => value.split(",")).filter((name) => name !== "");
}

function parseCount(option: string, text: string, isValid: (value: number) => boolean): number {
  const value = Number(text);
  if (text.trim() === "" || !isValid(value) || value <= 0) {
    throw new Error(`"${text}" after ${option} must be a number above zero`);
  }
  return value;
}
