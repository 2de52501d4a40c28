/** A route as the reference sees it. */
export interface ReferenceRoute {
  readonly method: string;
  /** Literals, decoded; `*`; and `**` at the end. Literals never look like wildcards here. */
  readonly segments: readonly string[];
  readonly verb: string;
}

/**
 * Which route serves a path, by what the rules say and without regard to speed: of all that match, those
 * with a verb before those without, then the one with the most exact segment where two first differ.
 */
export function findByReference(
  routes: readonly ReferenceRoute[],
  method: string,
  path: string,
): ReferenceRoute | undefined {
  return matching(routes, path)
    .filter((route) => rankMethod(route, method) < Infinity)
    .sort((a, b) => compare(a, b) || rankMethod(a, method) - rankMethod(b, method))[0];
}

/** The methods that any route serves at a path. */
export function methodsByReference(routes: readonly ReferenceRoute[], path: string): Set<string> {
  return new Set(matching(routes, path).map(({ method }) => method));
}

function matching(routes: readonly ReferenceRoute[], path: string): ReferenceRoute[] {
  const slash = path.length > 1 && path.endsWith("/");
  const trimmed = slash ? path.slice(0, -1) : path;
  const texts = path === "/" ? [] : trimmed.slice(1).split("/");
  if (texts.includes("")) return [];
  return routes.filter(({ segments, verb }) => {
    if (verb === "") return fits(segments, texts.map(decodeURIComponent));
    const colon = texts.at(-1)?.lastIndexOf(":") ?? -1;
    if (slash || colon < 1 || decodeURIComponent(texts.at(-1)!.slice(colon + 1)) !== verb) {
      return false;
    }
    const rest = [...texts.slice(0, -1), texts.at(-1)!.slice(0, colon)];
    return fits(segments, rest.map(decodeURIComponent));
  });
}

function fits(segments: readonly string[], texts: readonly string[]): boolean {
  const deep = segments.at(-1) === "**";
  const fixed = deep ? segments.slice(0, -1) : segments;
  if (deep ? texts.length < fixed.length : texts.length !== fixed.length) return false;
  return fixed.every((segment, index) => segment === "*" || segment === texts[index]);
}

function compare(a: ReferenceRoute, b: ReferenceRoute): number {
  if ((a.verb === "") !== (b.verb === "")) return a.verb === "" ? 1 : -1;
  for (let index = 0; index <= Math.max(a.segments.length, b.segments.length); index++) {
    const difference = rankSegment(a.segments[index]) - rankSegment(b.segments[index]);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** Both match, so an end can only stand against `**`. */
function rankSegment(segment: string | undefined): number {
  return segment === "**" ? 2 : segment === "*" ? 1 : 0;
}

function rankMethod(route: ReferenceRoute, method: string): number {
  if (route.method === method) return 0;
  if (method === "HEAD" && route.method === "GET") return 1;
  return route.method === "*" ? 2 : Infinity;
}
