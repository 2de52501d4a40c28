import {
  type CallOptions,
  type Client,
  Code,
  ConnectError,
  createClient,
} from "@connectrpc/connect";
import { createWritableIterable } from "@connectrpc/connect/protocol";
import {
  createConnectTransport,
  createGrpcTransport,
  createGrpcWebTransport,
  Http2SessionManager,
} from "@connectrpc/connect-node";
import { fromBinary } from "@bufbuild/protobuf";
import { describe, expect, onTestFinished, test } from "vitest";
import { ErrorInfoSchema } from "../../src/protos/google/rpc/error_details_pb.ts";
import { failure, Parrot } from "./parrot.ts";
import { ca, serveParrot } from "./serve-parrot.ts";

type ParrotClient = Client<typeof Parrot>;

interface Way {
  readonly name: string;
  readonly protocol: "connect" | "grpc-web" | "grpc";
  readonly httpVersion: "1.1" | "2";
  readonly json?: boolean;
}

const ways: readonly Way[] = (["connect", "grpc-web", "grpc"] as const).flatMap((protocol) =>
  (["1.1", "2"] as const).flatMap((httpVersion) => [
    { name: `${protocol} over HTTP/${httpVersion}`, protocol, httpVersion },
    { name: `${protocol} in JSON over HTTP/${httpVersion}`, protocol, httpVersion, json: true },
  ]),
);

async function open({ protocol, httpVersion, json = false }: Way): Promise<ParrotClient> {
  const { url } = await serveParrot({ secure: true });
  const options = { baseUrl: url, useBinaryFormat: !json };
  const create = {
    connect: createConnectTransport,
    "grpc-web": createGrpcWebTransport,
    grpc: createGrpcTransport,
  }[protocol];
  if (httpVersion === "1.1") {
    return createClient(Parrot, create({ ...options, httpVersion, nodeOptions: { ca } }));
  }
  const sessionManager = new Http2SessionManager(url, undefined, { ca });
  onTestFinished(() => sessionManager.abort());
  return createClient(Parrot, create({ ...options, httpVersion, sessionManager }));
}

async function* say(...texts: readonly string[]): AsyncGenerator<{ text: string }> {
  for (const text of texts) yield { text };
}

/** What a client is told of an error. */
function describeError(thrown: unknown): unknown {
  const { code, rawMessage, details } = ConnectError.from(thrown);
  const infos = details.map((detail) => {
    const { type, value } = detail as { type: string; value: Uint8Array };
    const { reason, metadata } = fromBinary(ErrorInfoSchema, value);
    return { type, reason, metadata };
  });
  return { code, rawMessage, infos };
}

function failed(text: string): unknown {
  const { reason, message, metadata } = failure(text);
  const infos = [{ type: "google.rpc.ErrorInfo", reason, metadata }];
  return { code: Code.NotFound, rawMessage: message, infos };
}

const neverHere = (): never => {
  throw new Error("the call did not fail");
};

describe.for(ways)("$name", (way) => {
  test("calls a method with one request and one reply", async () => {
    const client = await open(way);
    const payload = new Uint8Array(100_000).fill(7);
    const reply = await client.say({ text: "ü 日", count: 2n ** 53n + 1n, payload });
    expect(reply).toMatchObject({ text: "ü 日", count: 2n ** 53n + 1n });
    expect(Buffer.compare(reply.payload, payload)).toBe(0);
    expect((await client.say({})).text).toBe("");
  });

  test("streams replies", async () => {
    const client = await open(way);
    const counts: bigint[] = [];
    for await (const { count } of client.repeat({ text: "a", count: 3n })) counts.push(count);
    expect(counts).toEqual([1n, 2n, 3n]);
  });

  test("streams requests", async () => {
    const client = await open(way);
    expect(await client.collect(say("a", "b", "c"))).toMatchObject({ text: "a b c", count: 3n });
    expect(await client.collect(say())).toMatchObject({ text: "", count: 0n });
  });

  test("gets errors with their reason and metadata", async () => {
    const client = await open(way);
    expect(await client.say({ text: "fail 1" }).then(neverHere, describeError)).toEqual(
      failed("fail 1"),
    );
    expect(await client.collect(say("fail 2")).then(neverHere, describeError)).toEqual(
      failed("fail 2"),
    );
    const counts: bigint[] = [];
    let error: unknown;
    try {
      for await (const { count } of client.repeat({ text: "fail 3", count: 2n }))
        counts.push(count);
    } catch (thrown) {
      error = describeError(thrown);
    }
    expect({ counts, error }).toEqual({ counts: [1n, 2n], error: failed("fail 3") });
  });

  test("learns nothing of errors that were not made for callers", async () => {
    const client = await open(way);
    expect(await client.say({ text: "crash" }).then(neverHere, describeError)).toMatchObject({
      code: Code.Unknown,
      rawMessage: "internal server error",
    });
  });

  test("passes metadata both ways", async () => {
    const client = await open(way);
    const seen = new Headers();
    const options: CallOptions = {
      headers: { "x-md-global-a": "1", "x-raw-bin": "AAEC" },
      onHeader: (header) => header.forEach((value, name) => seen.set(name, value)),
    };
    await client.say({}, options);
    expect(seen.get("x-md-global-a-seen")).toBe("1");
    seen.delete("x-md-global-a-seen");
    for await (const _ of client.repeat({ count: 1n }, options));
    expect(seen.get("x-md-global-a-seen")).toBe("1");
    expect(seen.get("x-raw-bin-seen")).toBe("AAEC");
  });
});

// Over HTTP/1.1, clients send all before they read.
describe.for(ways.filter(({ httpVersion }) => httpVersion === "2"))("$name", (way) => {
  test("streams both ways", async () => {
    const client = await open(way);
    const requests = createWritableIterable<{ text: string }>();
    const replies = client.chat(requests)[Symbol.asyncIterator]();
    const seen: string[] = [];
    for (const text of ["a", "b"]) {
      void requests.write({ text });
      const reply = await replies.next(); // oxlint-disable-line no-await-in-loop -- a conversation
      if (reply.done !== true) seen.push(reply.value.text);
    }
    requests.close();
    expect(seen).toEqual(["A", "B"]);
    expect((await replies.next()).done).toBe(true);
  });
});
