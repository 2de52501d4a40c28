import { GrpcClient } from "@kratos-ts/runtime/grpc";
import { isKratosError } from "@kratos-ts/runtime";
import { once } from "node:events";
import { Agent, type IncomingMessage, request } from "node:http";
import { expect, onTestFinished, test } from "vitest";
import { Echo } from "../grpc/echo-schema.ts";
import { connectGrpcJs } from "../grpc/grpc-js-peer.ts";
import { forkApp } from "./fork-app.ts";

interface Ports {
  readonly http: number;
  readonly grpc: number;
}

/** A process that serves, and how it ends. */
async function startProcess() {
  const child = forkApp("echo-app.ts", { stdout: "inherit" });
  const exit = once(child, "exit") as Promise<[number | null, string | null]>;
  onTestFinished(() => void child.kill("SIGKILL"));
  const [ports] = (await once(child, "message")) as [Ports];
  return { ports, exit, terminate: () => child.kill("SIGTERM") };
}

/** Calls one after the other until the service takes no new connections. Counts what was answered. */
type Worker = (answered: () => void) => Promise<void>;

function httpWorker(port: number, keepAlive: boolean): Worker {
  return async (answered) => {
    const agent = new Agent({ keepAlive, maxSockets: 1 });
    for (let count = 0; ; count++) {
      const body = JSON.stringify({ text: "t", count });
      const headers = { "Content-Type": "application/json", "Content-Length": body.length };
      const options = { agent, port, host: "127.0.0.1", method: "POST", path: "/echo", headers };
      const outgoing = request(options).end(body);
      let response: IncomingMessage;
      try {
        [response] = (await once(outgoing, "response")) as [IncomingMessage];
      } catch (error) {
        agent.destroy();
        // Nobody listens any more, so nothing was sent: that is where the worker ends.
        if ((error as NodeJS.ErrnoException).syscall === "connect") return;
        throw error;
      }
      let text = "";
      for await (const chunk of response) text += String(chunk);
      expect(JSON.parse(text)).toMatchObject({ text: "t", count });
      answered();
    }
  };
}

function grpcWorker(call: (count: number) => Promise<{ count: number }>): Worker {
  return async (answered) => {
    for (let count = 0; ; count++) {
      try {
        expect(await call(count)).toMatchObject({ count });
      } catch (error) {
        if (isKratosError(error) && /connect ECONN(REFUSED|RESET)/.test(error.message)) return;
        throw error;
      }
      answered();
    }
  };
}

test("SIGTERM under load loses no call, over kept and fresh connections, HTTP and gRPC", async () => {
  const { ports, exit, terminate } = await startProcess();
  const client = new GrpcClient({ endpoint: `127.0.0.1:${ports.grpc}` });
  onTestFinished(() => client.close());
  const echo = client.method(Echo);
  const js = connectGrpcJs(`127.0.0.1:${ports.grpc}`);
  const workers: Worker[] = Array.from({ length: 8 }).flatMap(() => [
    httpWorker(ports.http, true),
    httpWorker(ports.http, false),
    grpcWorker((count) => echo({ count })),
    grpcWorker((count) => js.echo({ count })),
  ]);
  let answered = 0;
  let warm: () => void = () => undefined;
  const isWarm = new Promise<void>((resolve) => (warm = resolve));
  const count = () => {
    if (++answered === 2000) warm();
  };
  const outcomes = Promise.allSettled(workers.map((worker) => worker(count)));
  await Promise.race([isWarm, outcomes]);
  terminate();
  const failures = (await outcomes).flatMap((o) =>
    o.status === "rejected" ? [String(o.reason)] : [],
  );
  expect(failures).toEqual([]);
  expect(answered).toBeGreaterThanOrEqual(2000);
  expect(await exit).toEqual([0, null]);
});
