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
  const endpoints = (instance.endpoints ?? [])
    .flatMap((text) => parseEndpoint(text) ?? [])
    .filter(({ scheme, path }) => path === "" || !scheme.startsWith("grpc"));
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

type Endpoint = Pick<ServiceNode, "scheme" | "address" | "path">;

function parseEndpoint(text: string): Endpoint | undefined {
  const match = /^([a-z][a-z0-9+.-]*):\/\/([^/?#@]+:\d{1,5})(\/[^?#]*)?(?:\?([^#]*))?$/i.exec(text);
  if (match === null) return undefined;
  const [, scheme = "", address = "", path = "", query = ""] = match;
  // An address that nobody can call, such as IPv6 without brackets, must not be chosen.
  if (!URL.canParse(`http://${address}${path}`)) return undefined;
  const { pathname } = new URL(`http://${address}${path}`);
  const kind = scheme.toLowerCase();
  // What Kratos v2 registers instead of a scheme of its own.
  const secure = new URLSearchParams(query).get("isSecure") === "true";
  return {
    scheme: secure && !kind.endsWith("s") ? `${kind}s` : kind,
    address,
    path: pathname.replace(/\/+$/, ""),
  };
}

function parseWeight(text: string | undefined): number | undefined {
  const weight = text === undefined || !/^\d{1,9}$/.test(text) ? 0 : Number(text);
  return weight > 0 ? weight : undefined;
}
