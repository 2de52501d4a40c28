import { mergeTrees } from "./config-tree.ts";
import type { ConfigSource } from "./config-source.ts";

/**
 * The environment: each variable is a key, dots in its name nest (`APP_server.http.addr`), values are text.
 * With `prefixes`, only variables that begin with one of them, without it and one `_` behind it: of
 * `["APP"]`, `APP_PORT` gives `PORT`. Keys that the schema does not know are no mistake here, so that the
 * whole environment can serve placeholders.
 */
export function envSource(
  prefixes: readonly string[] = [],
  environment: Readonly<Record<string, string | undefined>> = process.env,
): ConfigSource {
  return {
    name: "environment",
    async load() {
      const variables = new Map<string, string>(); // by dotted key
      let value: Record<string, unknown> = {};
      for (const [name, text] of Object.entries(environment)) {
        const key = keyOf(name, prefixes);
        if (key === "" || text === undefined) continue;
        variables.set(key, name);
        value = mergeTrees(value, nest(key.split("."), text));
      }
      return [
        {
          name: "environment",
          value,
          open: true,
          locate(path) {
            const wanted = path.join(".");
            const found = [...variables].find(
              ([key]) => key === wanted || key.startsWith(`${wanted}.`),
            );
            return found === undefined ? undefined : { file: `environment variable "${found[1]}"` };
          },
        },
      ];
    },
  };
}

/** Empty when the variable is not one of ours. */
function keyOf(name: string, prefixes: readonly string[]): string {
  if (prefixes.length === 0) return name;
  const prefix = prefixes.find((candidate) => name.startsWith(candidate));
  return prefix === undefined ? "" : name.slice(prefix.length).replace(/^_/, "");
}

function nest(keys: readonly string[], text: string): Record<string, unknown> {
  const inner = keys.reduceRight<unknown>((value, key) => Object.fromEntries([[key, value]]), text);
  return inner as Record<string, unknown>;
}
