const numRuns = Number(process.env["CODEC_SCHEMAS"] ?? 60);

/**
 * How many random schemas the tests try, and which. `CODEC_SCHEMAS=5000 CODEC_SEED=1 npx vitest run
 * runtime/test/codec` looks further than every run of the tests does.
 */
export const schemaRuns = {
  numRuns,
  seed: Number(process.env["CODEC_SEED"] ?? 2026),
  timeout: 20_000 + numRuns * 400,
};
