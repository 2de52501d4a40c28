import { defineConfig } from "vitest/config";

// The whole way of a newcomer, with real installs: needs the npm registry, and ports 8000 and 9000.
export default defineConfig({
  test: {
    include: ["test/journey/*.journey.ts"],
    fileParallelism: false,
    sequence: { concurrent: false },
    testTimeout: 240_000,
    hookTimeout: 240_000,
    bail: 1,
  },
});
