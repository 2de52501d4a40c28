import type { IncomingMessage } from "node:http";
import { performance, monitorEventLoopDelay } from "node:perf_hooks";
import { pipeline } from "node:stream/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { getHeapSnapshot, getHeapSpaceStatistics, getHeapStatistics } from "node:v8";
import { KratosError } from "../../../errors/kratos-error.ts";
import type { Awaitable } from "../../../middleware/middleware.ts";
import { bindingError } from "../binding-error.ts";
import type {
  HandWrittenRoute,
  HttpHandler,
  HttpHandlerReply,
  HttpHandlerRequest,
} from "../call/hand-written-route.ts";
import type { HttpCallContext } from "../call/server-context.ts";

/** Options of {@link diagnostics}. */
export interface DiagnosticsOptions {
  /**
   * Who may look: false is answered with 403. There is no default, since profiles show what a process holds,
   * secrets included, and taking them slows it down.
   */
  readonly allow: (request: IncomingMessage, context: HttpCallContext) => Awaitable<boolean>;
  /** The path below which the routes lie. Default: `/debug`. */
  readonly prefix?: string | undefined;
}

/** The longest time, in seconds, for which something is recorded. */
const maxSeconds = 300;

/**
 * Routes that show how a process is doing; mount them where only operators get to:
 * `server.mount(diagnostics({ allow: isOperator }))`.
 *
 * - `/cpu-profile?seconds=10`: where time goes, as a file for the browser's developer tools
 * - `/heap-snapshot`: what memory holds, as a file for the same; the process stands still meanwhile
 * - `/heap`: sizes of memory
 * - `/event-loop?seconds=1`: how late the event loop is, and how busy
 * - `/handles`: what keeps the process alive
 *
 * Only one profile or snapshot is taken at a time; a second one is refused with 409.
 */
export function diagnostics(options: DiagnosticsOptions): readonly HandWrittenRoute[] {
  const { prefix = "/debug" } = options;
  const recorder = new Recorder();
  const handlers: readonly [path: string, handler: HttpHandler][] = [
    ["cpu-profile", (request, context) => recorder.recordCpu(request, context)],
    ["heap-snapshot", (request) => recorder.sendHeap(request)],
    ["heap", describeHeap],
    ["event-loop", watchEventLoop],
    ["handles", countHandles],
  ];
  return handlers.map(([path, handler]) => ({
    method: "GET",
    path: `${prefix}/${path}`,
    handler: async (request, context) => {
      if (!(await options.allow(request.message, context))) {
        throw new KratosError(403, "FORBIDDEN", "you may not look at this process");
      }
      return handler(request, context);
    },
    options: { timeout: 0 },
  }));
}

/** Takes what only one caller can take at a time. */
class Recorder {
  #busy = false;

  async recordCpu(
    request: HttpHandlerRequest,
    context: HttpCallContext,
  ): Promise<HttpHandlerReply> {
    const seconds = readSeconds(request, 10);
    this.#claim();
    try {
      const { Session } = await import("node:inspector/promises");
      const session = new Session();
      session.connect();
      try {
        await session.post("Profiler.enable");
        await session.post("Profiler.start");
        await sleep(seconds * 1000, undefined, { signal: context.signal });
        const { profile } = await session.post("Profiler.stop");
        return attach("cpu.cpuprofile", profile, context);
      } finally {
        session.disconnect();
      }
    } finally {
      this.#busy = false;
    }
  }

  async sendHeap({ response }: HttpHandlerRequest): Promise<undefined> {
    this.#claim();
    try {
      response.writeHead(200, {
        "Content-Type": "application/json",
        "Content-Disposition": disposition("heap.heapsnapshot"),
      });
      await pipeline(getHeapSnapshot(), response);
    } finally {
      this.#busy = false;
    }
  }

  #claim(): void {
    if (this.#busy) {
      throw new KratosError(409, "BUSY", "a profile or snapshot is being taken, try again later");
    }
    this.#busy = true;
  }
}

const describeHeap: HttpHandler = () => ({
  json: {
    process: process.memoryUsage(),
    heap: getHeapStatistics(),
    spaces: getHeapSpaceStatistics(),
  },
});

const watchEventLoop: HttpHandler = async (request, context) => {
  const seconds = readSeconds(request, 1);
  const delay = monitorEventLoopDelay({ resolution: 10 });
  const before = performance.eventLoopUtilization();
  delay.enable();
  try {
    await sleep(seconds * 1000, undefined, { signal: context.signal });
  } finally {
    delay.disable();
  }
  const toMilliseconds = (nanoseconds: number): number => nanoseconds / 1e6;
  return {
    json: {
      seconds,
      utilization: performance.eventLoopUtilization(before).utilization,
      delayMilliseconds: {
        mean: toMilliseconds(delay.mean),
        p50: toMilliseconds(delay.percentile(50)),
        p99: toMilliseconds(delay.percentile(99)),
        max: toMilliseconds(delay.max),
      },
    },
  };
};

const countHandles: HttpHandler = () => {
  const counts: Record<string, number> = {};
  for (const name of process.getActiveResourcesInfo()) counts[name] = (counts[name] ?? 0) + 1;
  return { json: counts };
};

function readSeconds({ query }: HttpHandlerRequest, usual: number): number {
  const text = query.get("seconds");
  const seconds = text === null ? usual : Number(text);
  if (text === "" || !(seconds > 0 && seconds <= maxSeconds)) {
    throw bindingError(`"seconds" must be a number up to ${maxSeconds}`);
  }
  return seconds;
}

function attach(name: string, json: unknown, context: HttpCallContext): HttpHandlerReply {
  context.replyHeader.set("Content-Disposition", disposition(name));
  return { json };
}

function disposition(name: string): string {
  return `attachment; filename="${name}"`;
}
