import { runPlugin, type PluginProcess } from "./run-plugin.ts";

/** The protoc plugin `protoc-gen-kratos-errors`. */
export function main(process: PluginProcess): Promise<number> {
  return runPlugin("errors", process);
}
