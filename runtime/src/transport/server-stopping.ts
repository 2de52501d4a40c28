import { KratosError } from "../errors/kratos-error.ts";

/** What calls that end because their server begins to stop may fail with: 503 `SERVER_STOPPED`. */
export function serverStopping(): KratosError {
  return new KratosError(503, "SERVER_STOPPED", "the server is stopping");
}
