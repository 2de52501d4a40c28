/** An HTTP/2 engine of our own for gRPC servers, in place of the one on `node:http2`. */
export type { Http2Engine } from "../server-engine.ts";
export type { Http2Limits } from "./limits.ts";
export { http2Engine } from "./server-engine.ts";
