import { create } from "@bufbuild/protobuf";
import { AnySchema } from "@bufbuild/protobuf/wkt";
import { KratosError } from "@kratos-ts/runtime";
import { encodeBinaryHeader, isGrpcServerContext } from "@kratos-ts/runtime/grpc";
import type { CallContext } from "@kratos-ts/runtime";
import type { Header } from "@kratos-ts/runtime";
import { expect, test } from "vitest";
import { Echo, Repeat } from "./echo-schema.ts";
import { createRecordingLogger } from "@kratos-ts/runtime/testing";
import { createClient, startServer } from "./kratos-peer.ts";
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

test.for(["constructor", "__proto__"])(
  'metadata may have the name "%s", which objects of JavaScript have, too',
  async (name) => {
    const { address } = await startServer((router) => {
      router.handle(Echo, ({ text }, context) => {
        context.replyHeader.set(name, "1");
        trailerOf(context).set(name, context.requestHeader.get(name) ?? "");
        return { text };
      });
    });
    const got: (readonly string[] | undefined)[] = [];
    const echo = createClient(address).method(Echo);
    await echo(
      { text: "x" },
      {
        headers: Object.fromEntries([[name, "2"]]),
        onHeader: (header) => got.push(header.get(name)),
        onTrailer: (trailer) => got.push(trailer.get(name)),
      },
    );
    expect(got).toEqual([["1"], ["2"]]);
  },
);

test("metadata that HTTP/2 cannot carry is left out, with a word to the log, and all else stays", async () => {
  const logger = createRecordingLogger("warn");
  const { address } = await startServer(
    (router) => {
      router.handle(Echo, ({ text }, context) => {
        for (const header of [context.replyHeader, trailerOf(context)]) {
          header.set("x-large", "x".repeat(70_000));
          header.add("etag", "a");
          header.add("etag", "b");
          header.set("x-small", "1");
        }
        return { text };
      });
    },
    { logger },
  );
  const { headers, trailers, status } = await rawCall(address, { chunks });
  expect(status).toBe("0");
  for (const fields of [headers, trailers]) {
    expect(fields).toMatchObject({ etag: "a", "x-small": "1" });
    expect(fields["x-large"]).toBeUndefined();
  }
  const names = ["x-large", "etag"];
  const warning = { operation: Echo.operation, names };
  expect(logger.records.map(({ fields }) => fields)).toEqual([
    expect.objectContaining(warning),
    expect.objectContaining(warning),
  ]);
});

test("our client takes hundreds of fields", async () => {
  const { address } = await startServer((router) => {
    router.handle(Echo, ({ text }, context) => {
      for (let i = 0; i < 700; i++) {
        context.replyHeader.set(`x-${i}`, "1");
        trailerOf(context).set(`x-${i}`, "1");
      }
      return { text };
    });
  });
  const sizes: number[] = [];
  const echo = createClient(address).method(Echo);
  await echo(
    { text: "x" },
    {
      onHeader: ({ size }) => sizes.push(size),
      onTrailer: ({ size }) => sizes.push(size),
    },
  );
  expect(sizes).toEqual([700, 700]);
});

test("an error with thousands of small details and entries of metadata arrives", async () => {
  const nothing = create(AnySchema);
  const metadata = Object.fromEntries(Array.from({ length: 2000 }, (_, i) => [`${i}`, ""]));
  const details = Array.from({ length: 100_000 }, () => nothing);
  const { address } = await startServer((router) => {
    router.handle(Echo, () => {
      throw new KratosError(409, "TAKEN", "taken", { metadata, details });
    });
  });
  const { status, headers } = await rawCall(address, { chunks });
  expect(status).toBe("10");
  expect(headers["grpc-status-details-bin"]?.length).toBeLessThan(8192);
});
