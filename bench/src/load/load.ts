/** What is sent over and over. */
export interface Work {
  readonly method: "GET" | "POST";
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Sent as it is; for gRPC with its five-byte prefix. */
  readonly body: Uint8Array | undefined;
}

/** How hard. */
export interface Pressure {
  readonly connections: number;
  /** Requests under way on each connection at any time. */
  readonly streams: number;
}

/** One slot of load against one server. */
export interface LoadJob {
  readonly port: number;
  readonly work: Work;
  readonly pressure: Pressure;
  readonly seconds: number;
}

/** What came back. */
export interface LoadResult {
  readonly requests: number;
  readonly requestsPerSecond: number;
}

/** Something that keeps a server busy from a process of its own. Throws when any request fails. */
export interface LoadGenerator {
  /** As printed under the table. */
  readonly name: string;
  /** The largest body that it can send. */
  readonly maxBodyBytes: number;
  run(job: LoadJob): Promise<LoadResult>;
}
