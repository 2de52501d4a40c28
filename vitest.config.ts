import { defineConfig } from "vitest/config";

// Tests read the runtime's sources, so that they need no build and fail where the fault is.
// "import", "require" and "default" are added where they belong; given here, "import" would also reach
// what packages `require`.
const conditions = ["@kratos-ts/source", "node"];

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: {
    globalSetup: ["test/build-once.ts"],
    include: [
      "test/**/*.test.ts",
      "runtime/test/**/*.test.ts",
      "layout-template/test/**/*.test.ts",
      "examples/*/test/**/*.test.ts",
      "contrib/*/*/test/**/*.test.ts",
    ],
    exclude: ["**/node_modules/**", "**/dist/**", "**/test/services/**"],
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
