import { defineConfig } from "vitest/config";

// Tests that need a database server: TEST_POSTGRES_URL says where one is.
export default defineConfig({
  test: { include: ["test/services/**/*.test.ts"], fileParallelism: false },
});
