import { silentLogger } from "@kratos-ts/runtime/log";
import { expect, test } from "vitest";
import { isInvalidName, isUserNotFound } from "../../../api/helloworld/v1/error_reason_errors.ts";
import { type GreeterRepo, GreeterUsecase } from "../../../internal/biz/greeter.ts";
import { newFakeGreeterRepo } from "./fake-greeter-repo.ts";

const noon = new Date("2026-01-01T12:00:00Z");

function newUsecase(repo: GreeterRepo = newFakeGreeterRepo()): GreeterUsecase {
  return new GreeterUsecase({ repo, logger: silentLogger, now: () => noon });
}

test("counts the greetings of each name apart", async () => {
  const greeters = newUsecase();

  await greeters.greet("kratos");
  await greeters.greet("kratos");
  await greeters.greet("atreus");

  expect(await greeters.getGreeter("kratos")).toEqual({
    name: "kratos",
    greetings: 2,
    lastGreetedAt: noon,
  });
  expect(await greeters.getGreeter("atreus")).toMatchObject({ greetings: 1 });
});

test.for([
  ["an empty name", ""],
  ["a line break", "kra\ntos"],
  ["a zero character", "kratos\0"],
  ["more than 100 characters", "k".repeat(101)],
] as const)("refuses to greet %s", async ([, name]) => {
  await expect(newUsecase().greet(name)).rejects.toSatisfy(isInvalidName);
});

test("counts characters, not code units", async () => {
  await expect(newUsecase().greet("😀".repeat(100))).resolves.toMatchObject({ greetings: 1 });
});

test.for(["nobody", "", "zero\0"])("knows nobody called %j", async (name) => {
  await expect(newUsecase().getGreeter(name)).rejects.toSatisfy(isUserNotFound);
});

test("passes on what the repository fails with", async () => {
  const failure = new Error("disk full");
  const repo = { ...newFakeGreeterRepo(), addGreeting: () => Promise.reject(failure) };

  await expect(newUsecase(repo).greet("kratos")).rejects.toBe(failure);
});
