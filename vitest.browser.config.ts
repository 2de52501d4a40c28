import { defineConfig } from "vitest/config";

// Generated clients in a page of a real browser; scripts/test-browser.sh finds or installs one.
const conditions = ["@kratos-ts/source", "node"];

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: { include: ["test/browser/*.browser.ts"] },
});
