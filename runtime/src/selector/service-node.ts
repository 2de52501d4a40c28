/** One address of one instance, to which calls can go (Kratos's `selector.Node`). */
export interface ServiceNode {
  /** `http`, `https`, `grpc` or `grpcs`. */
  readonly scheme: string;
  /** `host:port`. */
  readonly address: string;
  /** In front of every path there, such as `/api`, without a slash at its end; mostly empty, and always for gRPC. */
  readonly path: string;
  readonly serviceName: string;
  readonly version: string;
  /** From the instance's metadata `weight`; undefined when it says none that counts. */
  readonly weight: number | undefined;
  readonly metadata: Readonly<Record<string, string>>;
}

/** What a node weighs that says nothing. */
export const defaultWeight: number = 100;
