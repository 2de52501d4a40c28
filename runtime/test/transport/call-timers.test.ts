import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { CallTimer } from "../../src/transport/call-timers.ts";
import { CallTimers } from "../../src/transport/call-timers.ts";

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

function createCalls(): { ended: string[]; call(name: string): Call } {
  const ended: string[] = [];
  return { ended, call: (name) => new Call(() => ended.push(name)) };
}

class Call {
  timer: CallTimer | undefined = undefined;
  readonly onDeadline: () => void;

  constructor(onDeadline: () => void) {
    this.onDeadline = onDeadline;
  }
}

test("ends calls when their time is over, each once", () => {
  const { ended, call } = createCalls();
  const timers = new CallTimers(100);
  timers.start(call("a"), 100);
  vi.advanceTimersByTime(60);
  timers.start(call("b"), 100);
  vi.advanceTimersByTime(39);
  expect(ended).toEqual([]);
  vi.advanceTimersByTime(1);
  expect(ended).toEqual(["a"]);
  vi.advanceTimersByTime(59);
  expect(ended).toEqual(["a"]);
  vi.advanceTimersByTime(1000);
  expect(ended).toEqual(["a", "b"]);
});

test("leaves calls alone that ended in time, wherever they stand", () => {
  const { ended, call } = createCalls();
  const timers = new CallTimers(100);
  const calls = ["a", "b", "c", "d"].map((name) => call(name));
  for (const each of calls) timers.start(each, 100);
  for (const i of [1, 0, 3]) timers.stop(calls[i] as Call);
  timers.stop(calls[0] as Call);
  vi.advanceTimersByTime(500);
  expect(ended).toEqual(["c"]);
});

test("takes other delays than the usual one", () => {
  const { ended, call } = createCalls();
  const timers = new CallTimers(100);
  const stopped = call("stopped");
  timers.start(call("usual"), 100);
  timers.start(call("short"), 10);
  timers.start(call("long"), 200);
  timers.start(stopped, 20);
  timers.stop(stopped);
  vi.advanceTimersByTime(50);
  expect(ended).toEqual(["short"]);
  vi.advanceTimersByTime(500);
  expect(ended).toEqual(["short", "usual", "long"]);
});

test("does not end calls early whose delay no timer of Node can hold", () => {
  const { ended, call } = createCalls();
  new CallTimers(0).start(call("long"), 2 ** 40);
  vi.advanceTimersByTime(1000);
  expect(ended).toEqual([]);
});

test("lets a call start another when it ends", () => {
  const { ended, call } = createCalls();
  const timers = new CallTimers(100);
  const first = new Call(() => timers.start(call("second"), 100));
  timers.start(first, 100);
  vi.advanceTimersByTime(100);
  expect(ended).toEqual([]);
  vi.advanceTimersByTime(100);
  expect(ended).toEqual(["second"]);
});

test("has one timer running for any number of calls, and none for long after the last", () => {
  const { call } = createCalls();
  const timers = new CallTimers(100);
  for (let i = 0; i < 1000; i++) {
    const each = call(String(i));
    timers.start(each, 100);
    timers.stop(each);
  }
  expect(vi.getTimerCount()).toBe(1);
  vi.advanceTimersByTime(100);
  expect(vi.getTimerCount()).toBe(0);
});
