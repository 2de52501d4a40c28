import { expect, test } from "vitest";
import { MessageQueue } from "../../src/transport/message-queue.ts";

function createSource(): { log: string[]; pause(): void; resume(): void } {
  const log: string[] = [];
  return { log, pause: () => void log.push("pause"), resume: () => void log.push("resume") };
}

test("gives messages in order, then ends", async () => {
  const queue = new MessageQueue(createSource());
  queue.push("a", 1);
  const [first, second, third] = [queue.next(), queue.next(), queue.next()];
  queue.push("b", 1);
  queue.end();
  expect(await Promise.all([first, second, third, queue.next()])).toEqual([
    { done: false, value: "a" },
    { done: false, value: "b" },
    { done: true, value: undefined },
    { done: true, value: undefined },
  ]);
});

test("gives what arrived before a failure, then the failure, then nothing", async () => {
  const queue = new MessageQueue(createSource());
  queue.push("a", 1);
  queue.fail(new Error("broken"));
  queue.fail(new Error("again"));
  expect(await queue.next()).toEqual({ done: false, value: "a" });
  await expect(queue.next()).rejects.toThrow("broken");
  expect(await queue.next()).toEqual({ done: true, value: undefined });
});

test("tells one of several waiting readers of a failure", async () => {
  const queue = new MessageQueue(createSource());
  const waiting = [queue.next(), queue.next()];
  queue.fail(new Error("broken"));
  expect(await Promise.allSettled(waiting)).toMatchObject([
    { status: "rejected" },
    { status: "fulfilled", value: { done: true } },
  ]);
});

test("stops its source when full, and lets it go on when nearly empty", async () => {
  const source = createSource();
  const queue = new MessageQueue(source);
  for (let i = 0; i < 5; i++) queue.push(i, 20_000);
  expect(source.log).toEqual(["pause"]);
  await queue.next();
  expect(source.log).toEqual(["pause"]);
  for (let i = 0; i < 4; i++) await queue.next();
  expect(source.log).toEqual(["pause", "resume"]);
});

test("counts small messages, too", () => {
  const source = createSource();
  const queue = new MessageQueue(source);
  for (let i = 0; i < 2000; i++) queue.push(i, 0);
  expect(source.log).toEqual(["pause"]);
});

test("keeps the order of many messages that are taken while others come", async () => {
  const queue = new MessageQueue(createSource());
  const taken: unknown[] = [];
  for (let i = 0; i < 5000; i++) {
    queue.push(i, 1);
    if (i % 3 !== 0) taken.push((await queue.next()).value);
  }
  queue.end();
  for await (const message of queue) taken.push(message);
  expect(taken).toEqual(Array.from({ length: 5000 }, (_, i) => i));
});

test("drops what comes after its reader has left, and lets the source run", async () => {
  const source = createSource();
  let left = 0;
  const queue = new MessageQueue(source, () => {
    left++;
  });
  for (let i = 0; i < 5; i++) queue.push(i, 20_000);
  for await (const message of queue) if (message === 0) break;
  queue.push("late", 100_000);
  expect(source.log).toEqual(["pause", "resume"]);
  expect(left).toBe(1);
  expect(await queue.next()).toEqual({ done: true, value: undefined });
});
