/** Runs all suites with the runner that is the first argument, and prints the report; the second is its version. */
import { printReport } from "./report.ts";
import { type Outcome, runSuite, type Suite } from "./suite.ts";

const suites: readonly Suite[] = [
  {
    title: "`GrpcServer` on `node:http2`: gRPC, gRPC-Web, Connect",
    mode: "server",
    config: "grpc-server",
    program: ["server-under-test.ts", "grpc"],
  },
  {
    title: "`GrpcServer` on `http2Engine()`: gRPC, gRPC-Web, Connect",
    mode: "server",
    config: "grpc-server",
    program: ["server-under-test.ts", "grpc-http2"],
  },
  {
    title: "`HttpServer`, over HTTP/1.1 and HTTP/2: gRPC, gRPC-Web, Connect",
    mode: "server",
    config: "http-server",
    program: ["server-under-test.ts", "http"],
  },
  {
    title: "`GrpcClient`: gRPC",
    mode: "client",
    config: "grpc-client",
    program: ["client-under-test.ts"],
  },
];

const [runner = "connectconformance", version = ""] = process.argv.slice(2);
const outcomes: Outcome[] = [];
for (const suite of suites) {
  process.stderr.write(`${suite.title.replaceAll("`", "")} `);
  const outcome = await runSuite(runner, suite); // oxlint-disable-line no-await-in-loop -- one at a time
  process.stderr.write(`… ${outcome.cases} cases\n`);
  outcomes.push(outcome);
}
process.stdout.write(printReport(version, outcomes));
