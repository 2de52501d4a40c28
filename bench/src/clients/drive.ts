import { expectedOrder } from "../order.ts";

/** How a client is driven; travels as the argument of its process. */
export interface DriveRequest {
  readonly port: number;
  /** Calls under way at any time. */
  readonly inFlight: number;
  readonly warmUpSeconds: number;
  readonly seconds: number;
}

/** What a client did once it was warm. */
export interface DriveResult {
  readonly calls: number;
  readonly seconds: number;
  /** Of CPU. */
  readonly microseconds: number;
}

/** Begins a call; `done` is told of its end, with what went wrong or with the amount of the order. */
export type StartCall = (done: (error: unknown, totalAmount?: unknown) => void) => void;

/**
 * Makes calls until the time is over, each as soon as another has ended, and prints a {@link DriveResult} for
 * the process that has started this one. Ends the process; at the first wrong answer with an error.
 */
export function drive(connect: (port: number) => StartCall): void {
  const request = JSON.parse(process.argv[2] ?? "") as DriveRequest;
  const start = connect(request.port);
  const begin = performance.now();
  const warmAt = begin + request.warmUpSeconds * 1000;
  let warm = begin;
  let calls = 0;
  let cpu = process.cpuUsage();

  const done = (error: unknown, totalAmount: unknown): void => {
    if (error !== null) throw error;
    if (String(totalAmount) !== expectedOrder.totalAmount)
      throw new Error(`wrong amount ${totalAmount}`);
    calls++;
    const now = performance.now();
    if (warm === begin && now >= warmAt) {
      warm = now;
      calls = 0;
      cpu = process.cpuUsage();
    }
    if (warm === begin || now - warm < request.seconds * 1000) {
      start(done);
      return;
    }
    const { user, system } = process.cpuUsage(cpu);
    const result: DriveResult = {
      calls,
      seconds: (now - warm) / 1000,
      microseconds: user + system,
    };
    process.stdout.write(JSON.stringify(result), () => process.exit());
  };
  for (let i = 0; i < request.inFlight; i++) start(done);
}
