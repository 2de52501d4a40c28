/** For tests of services: their servers in memory, contexts of calls, and loggers that remember. */
export type { RecordedLog, RecordingLogger } from "./recording-logger.ts";
export { createRecordingLogger } from "./recording-logger.ts";
export type {
  InMemoryGrpcClientOptions,
  InMemoryHttpClientOptions,
  InMemoryOptions,
  InMemoryService,
} from "./start-in-memory.ts";
export { startInMemory } from "./start-in-memory.ts";
export type { TestContext, TestContextOptions } from "./test-context.ts";
export { createTestContext } from "./test-context.ts";
