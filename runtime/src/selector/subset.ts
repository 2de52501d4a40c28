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
  const count = instances.length;
  // Each point is its hash and whose it is in one number, which sorts fast: registries may change often.
  const points = new Float64Array(count * pointsPerInstance);
  for (const [index, { name, id }] of instances.entries()) {
    for (let i = 0; i < pointsPerInstance; i++) {
      points[index * pointsPerInstance + i] = fnv1a(`${i}${name}-${id}`) * count + index;
    }
  }
  points.sort();
  const from = (fnv1a(key) + 1) * count;
  const start = Math.max(
    0,
    points.findIndex((point) => point >= from),
  );
  const chosen = new Set<ServiceInstance>();
  for (let i = 0; i < points.length && chosen.size < size; i++) {
    chosen.add(instances[points[(start + i) % points.length]! % count]!);
  }
  return [...chosen];
}

/** FNV-1a of 32 bits over the UTF-16 of a text, a byte for each character of ASCII. */
function fnv1a(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    hash = Math.imul(hash ^ (unit & 0xff), 0x01000193);
    if (unit > 0x7f) hash = Math.imul(hash ^ (unit >> 8), 0x01000193);
  }
  return hash >>> 0;
}
