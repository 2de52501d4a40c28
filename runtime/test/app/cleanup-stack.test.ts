import { expect, test } from "vitest";
import { CleanupStack } from "../../src/app/cleanup-stack.ts";

test("runs the steps in reverse order, each after the one before has ended", async () => {
  const done: string[] = [];
  const cleanup = new CleanupStack();
  cleanup.add(() => void done.push("first opened"));
  cleanup.add(async () => {
    await new Promise((resolve) => setImmediate(resolve));
    done.push("last opened");
  });

  await cleanup.run();

  expect(done).toEqual(["last opened", "first opened"]);
});

test("runs each step once", async () => {
  let runs = 0;
  const cleanup = new CleanupStack();
  cleanup.add(() => void runs++);

  await Promise.all([cleanup.run(), cleanup.run()]);
  await cleanup.run();

  expect(runs).toBe(1);
});

test("runs the other steps when one fails, and then throws that failure", async () => {
  const failure = new Error("cannot close");
  let closed = false;
  const cleanup = new CleanupStack();
  cleanup.add(() => void (closed = true));
  cleanup.add(() => Promise.reject(failure));

  await expect(cleanup.run()).rejects.toBe(failure);
  expect(closed).toBe(true);
});

test("throws all failures when there are several", async () => {
  const cleanup = new CleanupStack();
  cleanup.add(() => Promise.reject(new Error("a")));
  cleanup.add(() => Promise.reject(new Error("b")));

  await expect(cleanup.run()).rejects.toMatchObject({
    message: "cleaning up failed more than once: b; a",
    errors: [{ message: "b" }, { message: "a" }],
  });
});
