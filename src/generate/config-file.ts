/**
 * Whether a proto describes the configuration of a service, by where it lies: `internal/conf/…`, also
 * `app/order/internal/conf/…` in a project with several services. `path` is relative to the project.
 */
export function isConfigPath(path: string): boolean {
  const folders = path.split("/").slice(0, -1);
  const internal = folders.indexOf("internal");
  return internal !== -1 && folders.indexOf("conf", internal) !== -1;
}

/** The same by import path, which is all that a protoc plugin knows: `conf/conf.proto`. */
export function isConfigImport(importPath: string): boolean {
  return importPath.split("/").slice(0, -1).includes("conf");
}
