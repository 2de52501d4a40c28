import { findTemplateConflicts } from "@kratos-ts/runtime/path-template";
import type { HttpBindingFacts } from "./http-rule.ts";
import type { Reporter } from "./reporter.ts";
import type { MethodFacts, ServiceFacts } from "./service-facts.ts";

type Route = HttpBindingFacts & { readonly owner: MethodFacts };

/** Reports routes that no request could tell apart, across all services of a run. */
export function reportRouteCollisions(services: readonly ServiceFacts[], reporter: Reporter): void {
  const routes = services
    .flatMap(({ methods }) => methods)
    .flatMap((method) => method.bindings.map((binding) => ({ ...binding, owner: method })));
  for (const { first, second } of findTemplateConflicts(routes)) {
    reporter.error(
      second.place,
      `${describe(second)} collides with ${describe(first)}, ${reporter.describe(first.place)}`,
      adviseOn(first, second),
    );
  }
  // A WebSocket is opened with GET, whatever the rule says.
  const sockets = routes
    .filter(({ owner }) => owner.kind === "clientStreaming" || owner.kind === "bidiStreaming")
    .map((route) => ({ ...route, method: "GET", route }));
  for (const { first, second } of findTemplateConflicts(sockets)) {
    // Two rules of one method lead to the same WebSocket; one method of HTTP was reported above.
    const same = first.owner === second.owner && first.path === second.path;
    if (same || first.route.method === second.route.method) continue;
    reporter.error(
      second.place,
      `${describe(second.route)} collides with ${describe(first.route)}, ${reporter.describe(first.place)}: both are WebSockets, which are opened with GET`,
      "give one of them another path",
    );
  }
}

function adviseOn(first: Route, second: Route): string {
  const unbound = [first, second].find((route) => route.unbound);
  return unbound === undefined
    ? "give one of them another path or verb"
    : `method "${unbound.owner.desc.name}" has no rule and is served by its name: give it a rule, or the other another path`;
}

function describe(route: Route): string {
  const { desc } = route.owner;
  return `"${route.method} ${route.path}" of "${desc.parent.typeName}.${desc.name}"`;
}
