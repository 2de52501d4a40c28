import { create } from "@bufbuild/protobuf";
import { anyPack, anyUnpack } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError, createClient as createConnectClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { Client, credentials, type ServiceError } from "@grpc/grpc-js";
import { KratosError, parseStatusDetails } from "@kratos-ts/runtime";
import {
  BadRequestSchema,
  RetryInfoSchema,
} from "@kratos-ts/runtime/protos/google/rpc/error_details_pb.ts";
import { expect, onTestFinished, test } from "vitest";
import { Echo, EchoService } from "./echo-schema.ts";
import { echoDefinition } from "./grpc-js-echo.ts";
import { createClient, startServer } from "./kratos-peer.ts";

const badRequest = create(BadRequestSchema, {
  fieldViolations: [{ field: "text", description: "must not be empty" }],
});
const retryInfo = create(RetryInfoSchema, { retryDelay: { seconds: 3n } });

const refusal = new KratosError(400, "NO_TEXT", "text must not be empty", {
  metadata: { field: "text" },
}).withDetails(anyPack(BadRequestSchema, badRequest), anyPack(RetryInfoSchema, retryInfo));

async function startRefusing(error: KratosError): Promise<string> {
  const { address } = await startServer((server) => {
    server.handle(Echo, () => {
      throw error;
    });
  });
  return address;
}

test("details of an error get to our client, beside reason and metadata", async () => {
  const echo = createClient(await startRefusing(refusal)).method(Echo);
  const error = await echo({}).catch((error: unknown) => error as KratosError);
  expect(error).toMatchObject({ code: 400, reason: "NO_TEXT", metadata: { field: "text" } });
  const [first, second] = (error as KratosError).details;
  expect(anyUnpack(first!, BadRequestSchema)).toEqual(badRequest);
  expect(anyUnpack(second!, RetryInfoSchema)).toEqual(retryInfo);
});

test("details of an error get to grpc-js", async () => {
  const client = new Client(await startRefusing(refusal), credentials.createInsecure());
  onTestFinished(() => client.close());
  const { path, requestSerialize, responseDeserialize } = echoDefinition.Echo;
  const error = await new Promise<ServiceError>((resolve) => {
    client.makeUnaryRequest(path, requestSerialize, responseDeserialize, {}, (failure) => {
      resolve(failure!);
    });
  });
  const [bytes] = error.metadata.get("grpc-status-details-bin");
  const { code, reason, details } = parseStatusDetails(bytes as Buffer);
  expect({ code, reason }).toEqual({ code: 3, reason: "NO_TEXT" });
  expect(anyUnpack(details[0]!, BadRequestSchema)).toEqual(badRequest);
});

test("details of an error get to Connect's client", async () => {
  const baseUrl = `http://${await startRefusing(refusal)}`;
  const client = createConnectClient(EchoService, createGrpcTransport({ baseUrl }));
  const error = ConnectError.from(await client.echo({}).catch((error: unknown) => error));
  expect(error.code).toBe(Code.InvalidArgument);
  expect(error.findDetails(BadRequestSchema)).toEqual([badRequest]);
  expect(error.findDetails(RetryInfoSchema)).toEqual([retryInfo]);
});

test("details that do not fit into trailers are left out, and the others stay", async () => {
  const large = { ...anyPack(BadRequestSchema, badRequest), value: new Uint8Array(5000) };
  const error = refusal.withDetails(large, anyPack(RetryInfoSchema, retryInfo));
  const echo = createClient(await startRefusing(error)).method(Echo);
  const got = await echo({}).catch((error: unknown) => error as KratosError);
  expect(got).toMatchObject({ reason: "NO_TEXT" });
  expect((got as KratosError).details.map(({ typeUrl }) => typeUrl)).toEqual([
    "type.googleapis.com/google.rpc.RetryInfo",
  ]);
});
