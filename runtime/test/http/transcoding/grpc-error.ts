/** What gRPC clients of others throw: a gRPC code, a text, and details in the trailers. */
export class GrpcError extends Error {
  override readonly name = "GrpcError";
  readonly code: number;
  readonly details: string;
  readonly metadata: { get(key: string): readonly unknown[] };

  constructor(code: number, details: string, status?: Uint8Array) {
    super(`${code}: ${details}`);
    this.code = code;
    this.details = details;
    this.metadata = {
      get: (key) => (key === "grpc-status-details-bin" && status !== undefined ? [status] : []),
    };
  }
}
