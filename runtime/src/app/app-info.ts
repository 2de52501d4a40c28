/** Who this process is, as it registers itself with the registry (Kratos's `AppInfo`). */
export interface AppInfo {
  readonly id: string;
  readonly name: string;
  readonly version: string;
  readonly metadata: Readonly<Record<string, string>>;
  /** URLs such as `grpc://10.0.0.7:9000`. Empty until the servers listen. */
  readonly endpoints: readonly string[];
}
