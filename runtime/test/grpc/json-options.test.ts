import { create, createRegistry } from "@bufbuild/protobuf";
import { anyPack } from "@bufbuild/protobuf/wkt";
import type { GrpcMethod } from "@kratos-ts/runtime/codegenv1";
import { BadRequestSchema } from "@kratos-ts/runtime/protos/google/rpc/error_details_pb.ts";
import { StatusSchema } from "@kratos-ts/runtime/protos/google/rpc/status_pb.ts";
import { expect, test } from "vitest";
import { startServer } from "./kratos-peer.ts";
import { frame, rawCall } from "./raw-call.ts";

const method: GrpcMethod<typeof StatusSchema, typeof StatusSchema, "unary"> = {
  operation: "/test.Statuses/Get",
  kind: "unary",
  input: StatusSchema,
  output: StatusSchema,
};

const details = [
  anyPack(BadRequestSchema, create(BadRequestSchema, { fieldViolations: [{ field: "text" }] })),
];

test.for([
  ["application/grpc+json", frame(Buffer.from("{}")), 5],
  ["application/json", Buffer.from("{}"), 0],
] as const)("messages in %s are written as the server's options say", async ([type, body, at]) => {
  const { address } = await startServer((server) => server.handle(method, () => ({ details })), {
    json: { registry: createRegistry(BadRequestSchema), emitDefaults: false, protoNames: true },
  });
  const reply = await rawCall(address, {
    path: method.operation,
    headers: { "content-type": type },
    chunks: [body],
  });
  expect(JSON.parse(reply.body.subarray(at).toString())).toEqual({
    details: [
      {
        "@type": "type.googleapis.com/google.rpc.BadRequest",
        field_violations: [{ field: "text" }],
      },
    ],
  });
});
