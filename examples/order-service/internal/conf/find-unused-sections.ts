import type { Bootstrap } from "./conf_config.ts";

/** Names the sections that are set and that this service does not use yet. */
export function findUnusedSections({ mongo, registry, tracing }: Bootstrap): string[] {
  const set = {
    mongo: mongo.uri !== "" || mongo.database !== "",
    registry: registry.consul.address !== "" || registry.consul.path !== "",
    tracing: tracing.endpoint !== "",
  };
  return Object.entries(set).flatMap(([section, isSet]) => (isSet ? [section] : []));
}
