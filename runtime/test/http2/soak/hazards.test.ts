import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { hazards } from "./hazards.ts";

const report = new URL("../../../../docs/reports/http2-engine.md", import.meta.url);

test.for(hazards)(
  "$hazard: the test that shows the bound exists, and the report names it",
  async (hazard) => {
    const tests = await readFile(new URL(`../${hazard.file}`, import.meta.url), "utf8");
    expect(tests).toContain(JSON.stringify(hazard.test));
    const cells = (await readFile(report, "utf8")).replaceAll(/ +/g, " ");
    expect(cells).toContain(
      `| ${hazard.hazard} | ${hazard.bound} | ${hazard.file}: ${hazard.test} |`,
    );
  },
);
