import type { ServiceInstance } from "../registry/registrar.ts";

/** Points that each instance has on the ring. */
const pointsPerInstance = 160;

/**
 * `size` of the instances, so that many clients of a large service do not all connect to all of it. The same
 * `key` gives the same ones, nearly so when instances come and go; other keys give others (Kratos's `subset`:
 * a consistent-hash ring). All of them when there are no more than `size`, or `size` is 0.
 */
export function subsetOf(
  instances: readonly ServiceInstance[],
  size: number,
  key: string,
): readonly ServiceInstance[] {
  if (size <= 0 || instances.length <= size) return instances;
  const points = instances.flatMap((instance) =>
    Array.from({ length: pointsPerInstance }, (_, i) => ({
      hash: fnv1a(`${i}${instance.name}-${instance.id}`),
      instance,
    })),
  );
  points.sort((a, b) => a.hash - b.hash);
  const start = points.findIndex(({ hash }) => hash > fnv1a(key));
  const chosen = new Set<ServiceInstance>();
  for (let i = 0; i < points.length && chosen.size < size; i++) {
    chosen.add(points[(Math.max(0, start) + i) % points.length]!.instance);
  }
  return [...chosen];
}

/** FNV-1a of 32 bits over the UTF-8 of a text. */
function fnv1a(text: string): number {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) {
    hash = Math.imul(hash ^ byte, 0x01000193);
  }
  return hash >>> 0;
}
