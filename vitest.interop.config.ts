import { defineConfig } from "vitest/config";
import base from "./vitest.config.ts";

// Tests against services and clients of Kratos and of gRPC for Go; scripts/test-interop.sh builds those.
export default defineConfig({
  ...base,
  test: {
    ...base.test,
    globalSetup: [],
    include: ["test/interop/**/*.interop.ts", "runtime/test/**/*.interop.ts"],
    exclude: ["**/node_modules/**", "**/dist/**"],
  },
});
