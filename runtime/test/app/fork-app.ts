import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";

const loader = new URL("../../../scripts/register.js", import.meta.url).href;

/** Starts a script of this folder in a process of its own, from its sources. */
export function forkApp(
  name: string,
  { args = [], stdout }: { readonly args?: readonly string[]; readonly stdout: "pipe" | "inherit" },
): ChildProcess {
  return fork(fileURLToPath(new URL(name, import.meta.url)), args, {
    execArgv: ["--import", loader, "--conditions=@kratos-ts/source"],
    stdio: ["ignore", stdout, "inherit", "ipc"],
  });
}
