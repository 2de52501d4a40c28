/** A server or client that is measured. */
export interface Peer {
  /** For `--servers`; the script has this name too. */
  readonly id: string;
  /** As printed. */
  readonly title: string;
}

/** The servers or clients of one part of the bench. */
export interface Field {
  /** What everything is divided by. */
  readonly mark: Peer;
  readonly peers: readonly Peer[];
}

/** Our own server or client, in every field. */
export const ownId = "kratos";

/** The same on this project's HTTP/2 engine. */
export const engineId = "kratos-http2-engine";

export const httpField: Field = {
  mark: { id: "raw", title: "raw node:http, JSON.parse/stringify" },
  peers: [
    { id: ownId, title: "kratos-ts, recovery + logging at warn" },
    { id: "fastify-schemas", title: "fastify with schemas" },
    { id: "fastify", title: "fastify" },
    { id: "hono", title: "hono + @hono/node-server" },
  ],
};

export const grpcField: Field = {
  mark: { id: "raw", title: "raw node:http2, constant reply" },
  peers: [
    { id: "raw-compiled", title: "raw node:http2 + our compiled codec" },
    { id: ownId, title: "kratos-ts, recovery + logging at warn" },
    { id: engineId, title: "the same on http2Engine()" },
    { id: "grpc-js", title: "@grpc/grpc-js + proto-loader" },
    { id: "connect", title: "connect-node" },
  ],
};

export const streamField: Field = {
  mark: { id: "raw", title: "raw node:http2 + our compiled codec" },
  peers: [
    { id: ownId, title: "kratos-ts, recovery + logging at warn" },
    { id: engineId, title: "the same on http2Engine()" },
    { id: "grpc-js", title: "@grpc/grpc-js + proto-loader" },
  ],
};

/** Clients, which all call the same server. */
export const clientField: Field = {
  mark: { id: "raw", title: "raw node:http2 + our compiled codec" },
  peers: [
    { id: ownId, title: "kratos-ts, GrpcClient" },
    { id: "grpc-js", title: "@grpc/grpc-js + proto-loader" },
  ],
};
