/** `npm run bench`: measures this project against raw Node and its peers, and prints ratios. */
import { cpus } from "node:os";
import type { BenchOptions } from "./arguments.ts";
import { parseArguments, usage } from "./arguments.ts";
import { checkGrpcAnswer, checkHttpAnswers } from "./check-answer.ts";
import { checkFlowAnswers } from "./check-flow.ts";
import { type Flow, flows, receiveBody, sendBody } from "./flow.ts";
import { createOrderWork, grpcWork } from "./grpc-work.ts";
import { createH2load } from "./load/h2load.ts";
import type { LoadGenerator } from "./load/load.ts";
import { createNodeLoad } from "./load/node-load.ts";
import { isInstalled } from "./load/run-process.ts";
import { createWrk } from "./load/wrk.ts";
import type { Cores } from "./measure/cores.ts";
import { findCores } from "./measure/cores.ts";
import { measureClients } from "./measure/measure-clients.ts";
import type { Scenario } from "./measure/measure-field.ts";
import { measureField } from "./measure/measure-field.ts";
import { measureStartUp } from "./measure/measure-start-up.ts";
import { createRequestText, orderId } from "./order.ts";
import type { Field } from "./peers.ts";
import { clientField, engineId, grpcField, httpField, streamField } from "./peers.ts";
import type { BenchResult } from "./report/goals.ts";
import { judge } from "./report/goals.ts";
import { fieldTable, goalTable, startUpTable } from "./report/tables.ts";

const httpScenarios: readonly Scenario[] = [
  {
    title: "HTTP POST",
    work: {
      method: "POST",
      path: "/api/v1/orders",
      headers: { "content-type": "application/json" },
      body: Buffer.from(createRequestText),
    },
  },
  {
    title: "HTTP GET",
    work: { method: "GET", path: `/api/v1/orders/${orderId}`, headers: {}, body: undefined },
  },
];

const grpcScenarios: readonly Scenario[] = [{ title: "gRPC unary", work: createOrderWork() }];

const streamScenarios: readonly Scenario[] = [
  ...flows.map((flow) => flowScenario("server stream", "Send", flow, sendBody(flow))),
  ...flows.map((flow) => flowScenario("client stream", "Receive", flow, receiveBody(flow))),
];

function flowScenario(kind: string, method: string, flow: Flow, body: Uint8Array): Scenario {
  return {
    title: `gRPC ${kind}, ${flow.messages} × ${flow.size / 1024} KiB`,
    work: grpcWork(`/flow.v1.FlowService/${method}`, body),
  };
}

try {
  const options = parseArguments(process.argv.slice(2));
  if (options.help) console.log(usage);
  else await run(options);
} catch (error) {
  console.error(error instanceof Error ? `error: ${error.message}` : error);
  process.exitCode = 1;
}

async function run(options: BenchOptions): Promise<void> {
  const cores = findCores();
  const generators = {
    http: chooseGenerator("http", options, cores),
    grpc: chooseGenerator("grpc", options, cores),
  };
  const result = await measure(options, cores, generators);
  const goals = judge(result);
  const setting = describe(cores, generators);
  if (options.json) {
    console.log(JSON.stringify({ setting, ...result, goals }, undefined, 2));
  } else {
    console.log(`${setting}\n`);
    for (const field of fieldsOf(result)) console.log(fieldTable(field));
    if (result.startUp !== undefined) console.log(startUpTable(result.startUp));
    if (goals.length > 0) console.log(goalTable(goals));
  }
  if (options.gate && goals.some((goal) => !goal.met)) process.exitCode = 1;
}

interface Generators {
  readonly http: LoadGenerator;
  readonly grpc: LoadGenerator;
}

async function measure(
  { parts, servers, rounds, seconds }: BenchOptions,
  cores: Cores,
  generators: Generators,
): Promise<BenchResult> {
  const select = (field: Field): Field => ({
    ...field,
    peers: field.peers.filter((peer) => servers.length === 0 || servers.includes(peer.id)),
  });
  const common = { serverCore: cores.server, rounds, seconds, onStep: showStep };
  try {
    return {
      ...(parts.includes("http") && {
        http: await measureField({
          ...common,
          field: select(httpField),
          folder: "http",
          scenarios: httpScenarios,
          pressure: { connections: 32, streams: 1 },
          load: generators.http,
          check: checkHttpAnswers,
        }),
      }),
      ...(parts.includes("grpc") && {
        grpc: await measureField({
          ...common,
          field: select(grpcField),
          folder: "grpc",
          scenarios: grpcScenarios,
          pressure: { connections: 10, streams: 10 },
          load: generators.grpc,
          check: checkGrpcAnswer,
        }),
      }),
      ...(parts.includes("streams") && {
        streams: await measureField({
          ...common,
          field: select(streamField),
          folder: "grpc-stream",
          scenarios: streamScenarios.filter(
            ({ work }) => (work.body?.length ?? 0) <= generators.grpc.maxBodyBytes,
          ),
          pressure: { connections: 2, streams: 4 },
          load: generators.grpc,
          check: checkFlowAnswers,
        }),
      }),
      ...(parts.includes("clients") && {
        clients: await measureClients({
          field: select(clientField),
          server: `grpc/${engineId}`,
          inFlight: [1, 50],
          cores,
          rounds,
          seconds,
          onStep: showStep,
        }),
      }),
      ...(parts.includes("cli") && { startUp: await measureStartUp(rounds, showStep) }),
    };
  } finally {
    showStep("");
  }
}

function fieldsOf({ http = [], grpc = [], streams = [], clients = [] }: BenchResult) {
  return [...http, ...grpc, ...streams, ...clients];
}

function chooseGenerator(
  part: "http" | "grpc",
  { nodeLoad }: BenchOptions,
  { load }: Cores,
): LoadGenerator {
  if (part === "http") {
    return !nodeLoad && isInstalled("wrk") ? createWrk(load) : createNodeLoad("http1", load);
  }
  return !nodeLoad && isInstalled("h2load") ? createH2load(load) : createNodeLoad("http2", load);
}

function describe({ server, load }: Cores, { http, grpc }: Generators): string {
  const pinning =
    server === undefined
      ? "not pinned to cores (needs taskset and two cores)"
      : `servers (and clients that are measured) on core ${server}, what drives or serves them on core ${load}`;
  const lines = [
    `Node ${process.version}, ${cpus()[0]?.model.trim() ?? "unknown CPU"}, ${pinning}.`,
    `HTTP: 32 connections by ${http.name}. gRPC: 10 connections × 10 calls, streams 2 × 4, by ${grpc.name}.`,
    "Ratios are to the first row, taken round by round: higher is faster.",
  ];
  return lines.join("\n");
}

/** One line that is written over, where a person watches. */
function showStep(step: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001B[2K${step}`);
}
