/**
 * `npm run bench:memory`: how much servers grow while a gibibyte goes through them, while nobody reads what they
 * send, or slowly, and over a million calls. `--mebibytes <n>` and `--calls <n>` for less, `--gate` to exit with 1
 * when one grows too much.
 */
import { parseArgs } from "node:util";
import { createH2load } from "./load/h2load.ts";
import { createNodeLoad } from "./load/node-load.ts";
import { isInstalled } from "./load/run-process.ts";
import { grpcTransfers } from "./memory/grpc-transfers.ts";
import { httpTransfers } from "./memory/http-transfers.ts";
import { mebibyte } from "./memory/mebibyte.ts";
import { watchCalls } from "./memory/watch-calls.ts";
import { watchTransfer } from "./memory/watch-transfer.ts";
import { engineId, ownId } from "./peers.ts";
import { createOrderWork } from "./grpc-work.ts";

/** What a server may grow beyond what it occupied after a warm-up: garbage that waits to be collected. */
const maxGrowth = 64 * mebibyte;
/** The same of its heap without garbage. */
const maxHeapGrowth = 4 * mebibyte;

const { values } = parseArgs({
  options: {
    mebibytes: { type: "string", default: "1024" },
    calls: { type: "string", default: "1000000" },
    gate: { type: "boolean", default: false },
  },
});

for (const transfer of [...httpTransfers, ...grpcTransfers]) {
  const bytes = Number(values.mebibytes) * mebibyte;
  const { moved, seconds, before, growth } = await watchTransfer(transfer, bytes);
  print(transfer.title, [
    inMebibytes(moved),
    `${inMebibytes(moved / seconds)}/s`,
    `${inMebibytes(before)} before`,
    `+${inMebibytes(growth)} at most`,
  ]);
  judge(growth, maxGrowth, "the server");
}

const load = isInstalled("h2load") ? createH2load(undefined) : createNodeLoad("http2", undefined);
for (const id of [ownId, engineId]) {
  const script = `grpc/${id}`;
  const { calls, usages } = await watchCalls(script, createOrderWork(), load, Number(values.calls));
  const [first, ...later] = usages;
  if (first === undefined || later.length === 0) continue; // too few calls to say anything
  const growth = Math.max(...later.map(({ rss }) => rss)) - first.rss;
  const heapGrowth = Math.max(...later.map(({ heapUsed }) => heapUsed)) - first.heapUsed;
  print(id === ownId ? "gRPC calls" : "the same on http2Engine()", [
    calls.toLocaleString("en"),
    `${inMebibytes(first.rss)} before`,
    `+${inMebibytes(growth)} at most`,
    `heap +${(heapGrowth / mebibyte).toFixed(1)} MiB`,
  ]);
  judge(growth, maxGrowth, "the server");
  judge(heapGrowth, maxHeapGrowth, "the server's heap");
}

function inMebibytes(bytes: number): string {
  return `${(bytes / mebibyte).toFixed(0)} MiB`;
}

function print(title: string, figures: readonly string[]): void {
  console.log(`${title.padEnd(32)}${figures.map((figure) => figure.padStart(18)).join("")}`);
}

function judge(growth: number, limit: number, what: string): void {
  if (!values.gate || growth <= limit) return;
  console.error(`error: ${what} grew by more than ${inMebibytes(limit)}`);
  process.exitCode = 1;
}
