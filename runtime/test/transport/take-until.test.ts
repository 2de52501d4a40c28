import { takeUntil } from "@kratos-ts/runtime";
import { EventEmitter, on } from "node:events";
import { expect, test } from "vitest";
import { collect } from "../http/streams/rooms.ts";

/** Yields 1, 2, and then waits for ever; notes when it is told to stop. */
class Source implements AsyncIterableIterator<number> {
  stopped = 0;
  #count = 0;

  next(): Promise<IteratorResult<number>> {
    if (this.#count === 2) return new Promise(() => undefined);
    return Promise.resolve({ done: false, value: ++this.#count });
  }

  return(): Promise<IteratorResult<number>> {
    this.stopped++;
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}

async function* brokenAfter(...items: readonly number[]): AsyncIterable<number> {
  yield* items;
  throw new Error("broken");
}

async function* each(...items: readonly number[]): AsyncIterable<number> {
  yield* items;
}

const never = (): AbortSignal => new AbortController().signal;

test("yields everything while the signal does not abort", async () => {
  expect(await collect(takeUntil(each(1, 2, 3), never()))).toEqual([1, 2, 3]);
});

test("ends a loop that waits, and stops what it reads", async () => {
  const source = new Source();
  const stop = new AbortController();
  const got: number[] = [];
  for await (const item of takeUntil(source, stop.signal)) {
    got.push(item);
    if (item === 2) setImmediate(() => stop.abort());
  }
  expect(got).toEqual([1, 2]);
  expect(source.stopped).toBe(1);
});

test("ends between two steps", async () => {
  const stop = new AbortController();
  const got: number[] = [];
  for await (const item of takeUntil(each(1, 2, 3), stop.signal)) {
    got.push(item);
    if (item === 2) stop.abort();
  }
  expect(got).toEqual([1, 2]);
});

test("yields nothing of what begins after the signal has aborted, and stops it", async () => {
  const source = new Source();
  expect(await collect(takeUntil(source, AbortSignal.abort()))).toEqual([]);
  expect(source.stopped).toBe(1);
});

test("fails as its source does", async () => {
  await expect(collect(takeUntil(brokenAfter(1), never()))).rejects.toThrow("broken");
});

test("fails as a source does that fails before it promises anything", async () => {
  const source = {
    [Symbol.asyncIterator]: () => ({
      next: () => {
        throw new Error("broken");
      },
    }),
  };
  await expect(collect(takeUntil(source, never()))).rejects.toThrow("broken");
});

test("hears nothing of a source that fails when it is stopped", async () => {
  const source = new Source();
  source.return = () => Promise.reject(new Error("broken"));
  const stop = new AbortController();
  const ended = collect(takeUntil(source, stop.signal));
  stop.abort();
  expect(await ended).toEqual([]);
});

test("stops its source when the loop is left", async () => {
  const source = new Source();
  for await (const _ of takeUntil(source, never())) break;
  expect(source.stopped).toBe(1);
});

test.for<[how: string, read: (items: AsyncIterable<number>) => Promise<unknown>]>([
  ["has ended", collect],
  [
    "was left",
    async (items) => {
      for await (const _ of items) break;
    },
  ],
])("holds on to no signal when the loop %s", async ([, read]) => {
  const listeners = new Set<unknown>();
  const { signal } = new AbortController();
  const add = signal.addEventListener.bind(signal);
  const remove = signal.removeEventListener.bind(signal);
  signal.addEventListener = (type: string, listener: never) => {
    listeners.add(listener);
    add(type, listener);
  };
  signal.removeEventListener = (type: string, listener: never) => {
    listeners.delete(listener);
    remove(type, listener);
  };
  const items = takeUntil(each(1, 2), signal);
  expect(listeners.size).toBe(0);
  await read(items);
  expect(listeners.size).toBe(0);
});

test("lets go of the listeners of an emitter", async () => {
  const emitter = new EventEmitter();
  const stop = new AbortController();
  const got = collect(takeUntil(on(emitter, "line") as AsyncIterable<unknown[]>, stop.signal));
  emitter.emit("line", "a");
  setImmediate(() => stop.abort());
  expect(await got).toEqual([["a"]]);
  expect(emitter.listenerCount("line")).toBe(0);
});
