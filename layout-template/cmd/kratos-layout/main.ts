import { fileSource, loadConfig } from "@kratos-ts/runtime/config";
import { createLogger } from "@kratos-ts/runtime/log";
import { bootstrapSchema } from "../../internal/conf/conf_config.ts";
import { parseFlags, usage } from "./flags.ts";
import { newApp } from "./wire.ts";

const name = "kratos-layout";
const version = process.env["KRATOS_VERSION"] ?? "0.1.0";

/** Runs until a signal or a failure ends it. */
async function main(): Promise<void> {
  const flags = parseFlags(process.argv.slice(2), import.meta.dirname);
  if (flags.help) {
    process.stdout.write(usage);
    return;
  }
  const logger = createLogger({
    bindings: { "service.name": name, "service.version": version },
  });
  const config = await loadConfig({ sources: [fileSource(flags.conf)], schema: bootstrapSchema });
  try {
    const { app, dispose } = await newApp({
      name,
      version,
      config: config.value,
      home: flags.home,
      logger,
    });
    try {
      await app.run();
    } finally {
      await dispose();
    }
  } finally {
    await config.close();
  }
}

/** The message for what the person who starts the service can mend; the stack for what only its author can. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const isBug = error instanceof TypeError || error instanceof ReferenceError;
  return isBug ? (error.stack ?? error.message) : error.message;
}

try {
  await main();
} catch (error) {
  process.stderr.write(`${name}: ${describe(error)}\n`);
  process.exitCode = 1;
}
