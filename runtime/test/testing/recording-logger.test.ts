import { createRecordingLogger } from "@kratos-ts/runtime/testing";
import { expect, test } from "vitest";

test("records hold level, message and fields", () => {
  const logger = createRecordingLogger();

  logger.trace("started");
  logger.warn({ orderId: "7" }, "late");
  logger.info({ orderId: "8" });

  expect(logger.records).toEqual([
    { level: "trace", message: "started", fields: {} },
    { level: "warn", message: "late", fields: { orderId: "7" } },
    { level: "info", message: "", fields: { orderId: "8" } },
  ]);
});

test("what children log is there, with their fields", () => {
  const logger = createRecordingLogger();
  const child = logger.child({ a: 1, b: 1 }).child({ b: 2 });

  child.error({ c: 3 }, "failed");

  expect(logger.records).toEqual([
    { level: "error", message: "failed", fields: { a: 1, b: 2, c: 3 } },
  ]);
});

test("errors are kept as they are", () => {
  const logger = createRecordingLogger();
  const error = new Error("disk full");

  logger.error({ err: error }, "not saved");
  logger.fatal(error);

  expect(logger.records.map(({ fields }) => fields["err"])).toEqual([error, error]);
  expect(logger.records[0]?.fields["err"]).toBe(error);
  expect(logger.records[1]?.message).toBe("disk full");
});

test("levels below its own are left out", () => {
  const logger = createRecordingLogger("warn");

  logger.info("no");
  logger.warn("yes");
  logger.level = "error";
  logger.warn("no");

  expect(logger.records.map(({ message }) => message)).toEqual(["yes"]);
});
