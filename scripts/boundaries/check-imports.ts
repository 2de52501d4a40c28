import { matchesAny } from "./glob.ts";
import type { Edge } from "./module-graph.ts";
import { eagerEdges, packageName, reachFrom, resolveImport } from "./module-graph.ts";
import type { CyclesRule, ImportsRule, LayersRule, PackagesRule, Violation } from "./rule.ts";
import type { SourceFile } from "./source-file.ts";
import type { PackageInfo, SourceTree } from "./source-tree.ts";
import { packageOf } from "./source-tree.ts";

export function checkLayers(rule: LayersRule, file: SourceFile, tree: SourceTree): Violation[] {
  const layer = layerOf(rule, file.path);
  if (layer === undefined) {
    const message = "belongs to no layer, name it in scripts/boundaries/rules.ts";
    return [{ path: file.path, line: 1, message }];
  }
  const violations: Violation[] = [];
  for (const { specifier, line } of file.imports) {
    const target = resolveImport(tree, file.path, specifier);
    if (target.kind === "outside") continue;
    const other = layerOf(rule, target.path);
    if (other === undefined || other === layer || layer.imports.includes(other.name)) continue;
    const may = layer.imports.length === 0 ? "nothing" : layer.imports.join(", ");
    const message = `"${layer.name}" imports "${specifier}" of "${other.name}", it may import ${may}`;
    violations.push({ path: file.path, line, message });
  }
  return violations;
}

function layerOf(rule: LayersRule, path: string): LayersRule["layers"][number] | undefined {
  return rule.layers.find((layer) => matchesAny(path, layer.files));
}

export function checkImports(rule: ImportsRule, file: SourceFile, tree: SourceTree): Violation[] {
  if (rule.deep === true) return checkReach(rule, file, tree);
  const violations: Violation[] = [];
  for (const { specifier, line } of file.imports) {
    if (!isRefused(rule, specifier)) continue;
    violations.push({ path: file.path, line, message: `must not import "${specifier}"` });
  }
  return violations;
}

function checkReach(rule: ImportsRule, file: SourceFile, tree: SourceTree): Violation[] {
  const edges = reachFrom(tree, file.path);
  const refused = edges.filter(({ target, reference }) =>
    target.kind === "file"
      ? matchesAny(target.path, rule.forbid ?? [])
      : isRefused(rule, reference.specifier),
  );
  return refused.map((edge) => {
    const way = wayTo(edge, edges, file.path);
    const by = way.length > 1 ? ` by way of ${way.slice(1).join(" → ")}` : "";
    return {
      path: edge.from,
      line: edge.reference.line,
      message: `"${file.path}" must not load "${edge.reference.specifier}"${by}`,
    };
  });
}

function isRefused(rule: ImportsRule, specifier: string): boolean {
  if (rule.allow !== undefined && !matchesAny(specifier, rule.allow)) return true;
  return rule.forbid !== undefined && matchesAny(specifier, rule.forbid);
}

/** The files from `start` to where `edge` begins. `edges` are in breadth-first order. */
function wayTo(edge: Edge, edges: readonly Edge[], start: string): string[] {
  const way = [edge.from];
  for (let at = edge.from; at !== start;) {
    const here = at;
    const before = edges.find(({ target }) => target.kind === "file" && target.path === here);
    if (before === undefined) break;
    at = before.from;
    way.unshift(at);
  }
  return way;
}

export function checkCycles(rule: CyclesRule, tree: SourceTree): Violation[] {
  const violations: Violation[] = [];
  const done = new Set<string>();
  const visit = (path: string, way: readonly string[]): void => {
    for (const { target, reference } of eagerEdges(tree, path)) {
      if (target.kind !== "file" || !matchesAny(target.path, rule.files)) continue;
      const start = way.indexOf(target.path);
      if (start >= 0) {
        const circle = [...way.slice(start), target.path].join(" → ");
        violations.push({ path, line: reference.line, message: `imports in a circle: ${circle}` });
      } else if (!done.has(target.path)) {
        visit(target.path, [...way, target.path]);
      }
    }
    done.add(path);
  };
  for (const path of tree.files.keys()) {
    if (!done.has(path) && matchesAny(path, rule.files)) visit(path, [path]);
  }
  return violations;
}

export function checkPackages(rule: PackagesRule, file: SourceFile, tree: SourceTree): Violation[] {
  const home = packageOf(tree, file.path);
  if (home === undefined) return [];
  const violations: Violation[] = [];
  for (const { specifier, line } of file.imports) {
    const message = describePackageFault(rule, file.path, specifier, home, tree);
    if (message !== undefined) violations.push({ path: file.path, line, message });
  }
  return violations;
}

function describePackageFault(
  rule: PackagesRule,
  path: string,
  specifier: string,
  home: PackageInfo,
  tree: SourceTree,
): string | undefined {
  if (specifier.startsWith("node:")) return undefined;
  if (specifier.startsWith(".")) {
    const target = resolveImport(tree, path, specifier);
    const owner = target.kind === "file" ? packageOf(tree, target.path) : undefined;
    const leaves = owner !== home || (target.kind === "file" && target.path.startsWith("../"));
    return leaves ? `"${specifier}" leaves the package, import a public entry` : undefined;
  }
  const name = packageName(specifier);
  if (specifier.startsWith(rule.ownScope) && name !== home.name) {
    const own = tree.packages.find((info) => info.name === name);
    if (own === undefined) return `"${name}" is no package of this repository`;
    const entries = Array.from(own.entries.keys()).filter((entry) => !entry.includes("*"));
    if (!entries.includes(specifier) && !matchesAny(specifier, Array.from(own.entries.keys()))) {
      return `"${specifier}" is no public entry, choose from ${entries.join(", ")}`;
    }
  }
  // The workspace root bundles what it uses of its workspaces.
  const isBundled = home.folder === "" && specifier.startsWith(rule.ownScope);
  if (home.dependencies.has(name) || name === home.name || isBundled) return undefined;
  return `"${name}" is not among the dependencies of "${home.folder === "" ? "." : home.folder}/package.json"`;
}
