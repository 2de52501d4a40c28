import { defineConfig } from "vitest/config";
import base from "./vitest.config.ts";

// Tests that need servers; scripts/test-services.sh starts them.
export default defineConfig({
  ...base,
  test: {
    ...base.test,
    include: ["**/test/services/**/*.test.ts"],
    exclude: ["**/node_modules/**", "**/dist/**"],
    fileParallelism: false,
  },
});
