import type { ServiceInstance } from "../registry/registrar.ts";
import type { ServiceNode } from "./service-node.ts";

/**
 * Where to call an instance: its first endpoint whose scheme comes first in `schemes`. Undefined when it has
 * none of them.
 */
export function findInstanceNode(
  instance: ServiceInstance,
  schemes: readonly string[],
): ServiceNode | undefined {
  // Services in Go write null when there is none.
  const endpoints = (instance.endpoints ?? []).flatMap((text) => parseEndpoint(text) ?? []);
  for (const scheme of schemes) {
    const found = endpoints.find((endpoint) => endpoint.scheme === scheme);
    if (found === undefined) continue;
    const { name, version, metadata } = instance;
    return {
      ...found,
      serviceName: name,
      version,
      weight: parseWeight(metadata?.["weight"]),
      metadata: metadata ?? {},
    };
  }
  return undefined;
}

function parseEndpoint(text: string): Pick<ServiceNode, "scheme" | "address"> | undefined {
  const match = /^([a-z][a-z0-9+.-]*):\/\/([^/?#@]+:\d{1,5})\/?(?:\?([^#]*))?$/i.exec(text);
  // An address that nobody can call, such as IPv6 without brackets, must not be chosen.
  if (match === null || !URL.canParse(`http://${match[2]}`)) return undefined;
  const scheme = match[1]!.toLowerCase();
  // What Kratos v2 registers instead of a scheme of its own.
  const secure = new URLSearchParams(match[3] ?? "").get("isSecure") === "true";
  return { scheme: secure && !scheme.endsWith("s") ? `${scheme}s` : scheme, address: match[2]! };
}

function parseWeight(text: string | undefined): number | undefined {
  const weight = text === undefined || !/^\d{1,9}$/.test(text) ? 0 : Number(text);
  return weight > 0 ? weight : undefined;
}
