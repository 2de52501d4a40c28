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
      // By dotted key, and by each that leads to one: a cluster puts thousands of variables into a process.
      const variables = new Map<string, string>();
      const tree: Branch = new Map();
      for (const [name, text] of Object.entries(environment)) {
        const key = keyOf(name, prefixes);
        if (key === "" || text === undefined) continue;
        const keys = key.split(".");
        for (let length = 1; length < keys.length; length++) {
          const lead = keys.slice(0, length).join(".");
          if (!variables.has(lead)) variables.set(lead, name);
        }
        variables.set(key, name);
        put(tree, keys, text);
      }
      return [
        {
          name: "environment",
          value: toObject(tree),
          open: true,
          locate(path) {
            const found = variables.get(path.join("."));
            return found === undefined ? undefined : { file: `environment variable "${found}"` };
          },
        },
      ];
    },
  };
}

type Branch = Map<string, Branch | string>;

/** Replaces a text that stands where a branch is wanted, and the other way round. */
function put(tree: Branch, keys: readonly string[], text: string): void {
  let branch = tree;
  for (const key of keys.slice(0, -1)) {
    let next = branch.get(key);
    if (next === undefined || typeof next === "string") branch.set(key, (next = new Map()));
    branch = next;
  }
  branch.set(keys.at(-1)!, text);
}

function toObject(branch: Branch): Record<string, unknown> {
  return Object.fromEntries(
    [...branch].map(([key, value]) => [key, typeof value === "string" ? value : toObject(value)]),
  );
}

/** Empty when the variable is not one of ours. */
function keyOf(name: string, prefixes: readonly string[]): string {
  if (prefixes.length === 0) return name;
  const prefix = prefixes.find((candidate) => name.startsWith(candidate));
  return prefix === undefined ? "" : name.slice(prefix.length).replace(/^_/, "");
}
