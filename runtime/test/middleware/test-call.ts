import { createLogger, type Logger, type LogLevel } from "@kratos-ts/runtime/log";
import { BaseCallContext } from "../../src/transport/call-context.ts";
import type { Header } from "../../src/transport/header.ts";
import { StopSignal } from "../../src/transport/stop-signal.ts";

const noHeader: Header = {
  get: () => undefined,
  values: () => [],
  set: () => undefined,
  add: () => undefined,
  keys: () => [],
};

/** A call that came by no wire. */
export class TestCall extends BaseCallContext {
  readonly side: "server" | "client";
  readonly kind = "http";
  readonly peer = "";
  readonly requestHeader: Header = noHeader;
  readonly replyHeader: Header = noHeader;

  constructor(logger: Logger, side: "server" | "client" = "server") {
    const [operation, endpoint] = ["/order.v1.OrderService/GetOrder", "http://127.0.0.1:8000"];
    super(operation, endpoint, logger, undefined, new StopSignal());
    this.side = side;
  }
}

/** A logger and what it wrote. */
export function collectRecords(level: LogLevel = "info") {
  const records: Record<string, unknown>[] = [];
  const logger = createLogger({
    level,
    write: (text) => records.push(JSON.parse(text) as Record<string, unknown>),
  });
  return { logger, records };
}

export async function* streamOf(...items: readonly unknown[]): AsyncGenerator<unknown> {
  for (const item of items) {
    if (item instanceof Error) throw item;
    yield item;
  }
}

export async function collect(stream: unknown): Promise<unknown[]> {
  const items: unknown[] = [];
  for await (const item of (await stream) as AsyncIterable<unknown>) items.push(item);
  return items;
}
