/** A server that is measured. */
export interface Peer {
  /** For `--servers`; the script is `servers/<part>/<id>.js`. */
  readonly id: string;
  /** As printed. */
  readonly title: string;
}

/** The servers of one part of the bench. */
export interface Field {
  /** What everything is divided by. */
  readonly mark: Peer;
  readonly peers: readonly Peer[];
}

/** Our own server, in both fields. */
export const ownId = "kratos";

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
    { id: "kratos-http2-engine", title: "the same on http2Engine()" },
    { id: "grpc-js", title: "@grpc/grpc-js + proto-loader" },
    { id: "connect", title: "connect-node" },
  ],
};
