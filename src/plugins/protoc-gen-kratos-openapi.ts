import { runPlugin, type PluginProcess } from "./run-plugin.ts";

/** The protoc plugin `protoc-gen-kratos-openapi`. */
export function main(process: PluginProcess): Promise<number> {
  return runPlugin("openapi", process);
}
