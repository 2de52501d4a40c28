import type { Logger } from "@kratos-ts/runtime/log";
import { expect, expectTypeOf, test } from "vitest";

// The shapes that pino's own types have, so that pino need not be installed to check against them.
interface Pino8LogFn {
  <T extends object>(obj: T, msg?: string, ...args: unknown[]): void;
  (obj: unknown, msg?: string, ...args: unknown[]): void;
  (msg: string, ...args: unknown[]): void;
}
interface Pino10LogFn {
  <TMsg extends string = string>(msg: TMsg, ...args: unknown[]): void;
  <T, TMsg extends string = string>(
    obj: T,
    msg?: T extends string ? never : TMsg,
    ...args: unknown[]
  ): void;
}
interface PinoLike<Fn> {
  level: "trace" | "debug" | "info" | "warn" | "error" | "fatal" | "silent" | (string & {});
  trace: Fn;
  debug: Fn;
  info: Fn;
  warn: Fn;
  error: Fn;
  fatal: Fn;
  silent: Fn;
  child(bindings: Record<string, unknown>, options?: { level?: string }): PinoLike<Fn>;
}

test("a pino logger is a Logger as it is", () => {
  expectTypeOf<PinoLike<Pino8LogFn>>().toExtend<Logger>();
  expectTypeOf<PinoLike<Pino10LogFn>>().toExtend<Logger>();
  expectTypeOf<Console>().not.toExtend<Logger>();
});

test("a logger of the same shape as pino's takes what this package writes", () => {
  const calls: unknown[][] = [];
  const log: Pino8LogFn = (...args: unknown[]) => void calls.push(args);
  const pino: PinoLike<Pino8LogFn> = {
    level: "info",
    trace: log,
    debug: log,
    info: log,
    warn: log,
    error: log,
    fatal: log,
    silent: log,
    child: () => pino,
  };
  const logger: Logger = pino;
  logger.child({ a: 1 }).info({ b: 2 }, "text");
  logger.warn("alone");
  expect(calls).toEqual([[{ b: 2 }, "text"], ["alone"]]);
});
