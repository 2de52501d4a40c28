import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { onTestFinished } from "vitest";

const root = join(import.meta.dirname, "../../..");
const main = join(import.meta.dirname, "../cmd/order-service/main.ts");

/** The service in a process of its own. */
export interface ServiceProcess {
  /** Such as `127.0.0.1:43210`. */
  readonly http: string;
  /** Such as `127.0.0.1:43211`. */
  readonly grpc: string;
  /** What it has logged so far. */
  readonly records: readonly Readonly<Record<string, unknown>>[];
  /** Sends the signal, and resolves to the exit code once the process has ended; null when killed. */
  end(signal: NodeJS.Signals): Promise<number | null>;
}

/** Starts `main.ts` in `folder` with `config`, whose addresses should have port 0. */
export async function startProcess(folder: string, config: string): Promise<ServiceProcess> {
  const path = join(folder, "config.yaml");
  writeFileSync(path, config);
  const child = spawn(
    process.execPath,
    [
      "--import",
      join(root, "scripts/register.js"),
      "--conditions=@kratos-ts/source",
      main,
      "--conf",
      path,
    ],
    { cwd: folder, stdio: ["ignore", "pipe", "pipe"] },
  );
  const exit = once(child, "exit").then(([code]) => code as number | null);
  onTestFinished(async () => {
    child.kill("SIGKILL");
    await exit;
  });

  let errors = "";
  child.stderr.on("data", (chunk: Buffer) => (errors += chunk.toString()));
  const records: Record<string, unknown>[] = [];
  const addresses = await new Promise<Record<"HTTP" | "gRPC", string>>((resolve, reject) => {
    const found = { HTTP: "", gRPC: "" };
    createInterface(child.stdout).on("line", (line) => {
      const record = JSON.parse(line) as Record<string, unknown>;
      records.push(record);
      if (record["msg"] === "[HTTP] server listening") found.HTTP = String(record["addr"]);
      if (record["msg"] === "[gRPC] server listening") found.gRPC = String(record["addr"]);
      if (found.HTTP !== "" && found.gRPC !== "") resolve(found);
    });
    void exit.then((code) => reject(new Error(`ended with ${code}: ${errors}`)));
  });
  return {
    http: addresses.HTTP,
    grpc: addresses.gRPC,
    records,
    end(signal) {
      child.kill(signal);
      return exit;
    },
  };
}
