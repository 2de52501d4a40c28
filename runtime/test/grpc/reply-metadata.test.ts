import { KratosError } from "@kratos-ts/runtime";
import { encodeBinaryHeader, isGrpcServerContext } from "@kratos-ts/runtime/grpc";
import type { CallContext } from "@kratos-ts/runtime";
import type { Header } from "@kratos-ts/runtime";
import { expect, test } from "vitest";
import { Echo, Repeat } from "./echo-schema.ts";
import { startServer } from "./kratos-peer.ts";
import { rawCall, requestFrame } from "./raw-call.ts";

function trailerOf(context: CallContext): Header {
  if (!isGrpcServerContext(context)) throw new Error("not a call of gRPC");
  return context.replyTrailer;
}

const chunks = [requestFrame({ text: "x" })];

test("trailers of a handler follow its reply", async () => {
  const { address } = await startServer((router) => {
    router.handle(Echo, ({ text }, context) => {
      trailerOf(context).set("x-cost", "3");
      trailerOf(context).set("x-id-bin", encodeBinaryHeader(Uint8Array.of(0, 255)));
      return { text };
    });
  });
  const { headers, trailers } = await rawCall(address, { chunks });
  expect(headers["x-cost"]).toBeUndefined();
  expect(trailers).toMatchObject({ "grpc-status": "0", "x-cost": "3", "x-id-bin": "AP8" });
});

test("trailers of a stream may be set until it ends", async () => {
  const { address } = await startServer((router) => {
    router.handle(Repeat, async function* ({ text }, context) {
      yield { text };
      trailerOf(context).add("x-count", "1");
      trailerOf(context).add("x-count", "2");
    });
  });
  const path = "/test.echo.v1.EchoService/Repeat";
  const { trailers } = await rawCall(address, { path, chunks });
  expect(trailers).toMatchObject({ "grpc-status": "0", "x-count": "1, 2" });
});

test("trailers go with an error, too", async () => {
  const { address } = await startServer((router) => {
    router.handle(Echo, (_, context) => {
      trailerOf(context).set("x-cost", "3");
      throw new KratosError(409, "TAKEN", "taken");
    });
  });
  const { trailers } = await rawCall(address, { chunks });
  expect(trailers).toMatchObject({ "grpc-status": "10", "x-cost": "3" });
});

test("second values of what may have one only are left out of trailers, and the reply stays", async () => {
  const { address } = await startServer((router) => {
    router.handle(Echo, ({ text }, context) => {
      trailerOf(context).add("etag", "a");
      trailerOf(context).add("etag", "b");
      return { text };
    });
  });
  const { status, body } = await rawCall(address, { chunks });
  expect(status).toBe("0");
  expect(body.length).toBeGreaterThan(5);
});
