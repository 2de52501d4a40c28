import { findTemplateConflicts } from "@kratos-ts/runtime/path-template";
import type { HttpBindingFacts } from "./http-rule.ts";
import type { Reporter } from "./reporter.ts";
import type { MethodFacts, ServiceFacts } from "./service-facts.ts";

/** Reports routes that no request could tell apart, across all services of a run. */
export function reportRouteCollisions(services: readonly ServiceFacts[], reporter: Reporter): void {
  const routes = services
    .flatMap(({ methods }) => methods)
    .flatMap((method) => method.bindings.map((binding) => ({ ...binding, owner: method })));
  for (const { first, second } of findTemplateConflicts(routes)) {
    reporter.error(
      second.place,
      `${describe(second)} collides with ${describe(first)}, ${reporter.describe(first.place)}`,
      "give one of them another path or verb",
    );
  }
}

function describe(route: HttpBindingFacts & { readonly owner: MethodFacts }): string {
  const { desc } = route.owner;
  return `"${route.method} ${route.path}" of "${desc.parent.typeName}.${desc.name}"`;
}
