import { listProtoEntries } from "./proto-files.ts";
import { isInside, type ProtoWorkspace } from "./workspace.ts";

/**
 * The values of `--path` that stand for `paths`, absolute. buf takes paths inside a root only: what holds a root
 * stands for what lies in it.
 */
export function selectPaths({ roots }: ProtoWorkspace, paths: readonly string[]): string[] {
  return paths.flatMap((path) => {
    const held = roots.filter(({ dir, kind }) => kind !== "bundled" && isInside(path, dir));
    const inner = held.flatMap(({ dir, excludes }) =>
      listProtoEntries(dir).filter((entry) => !excludes.includes(entry)),
    );
    // Not within a root that leaves it to another one.
    const isWithin = roots.some(
      ({ dir, excludes }) =>
        dir !== path && isInside(dir, path) && !excludes.some((exclude) => isInside(exclude, path)),
    );
    return isWithin ? [...inner, path] : inner;
  });
}
