import { Echo } from "../grpc/echo-schema.ts";

/** The test's echo over HTTP. */
export const echoRoute = {
  ...Echo,
  bindings: [{ method: "POST", path: "/echo", body: "*" }],
} as const;
