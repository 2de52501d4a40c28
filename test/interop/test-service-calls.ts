import { GrpcCode, KratosError } from "@kratos-ts/runtime";
import { type GrpcClient, encodeBinaryHeader } from "@kratos-ts/runtime/grpc";
import { expect } from "vitest";
import {
  createTestServiceGrpcClient,
  createUnimplementedServiceGrpcClient,
  type TestServiceGrpcClient,
} from "./proto/grpc/testing/test_grpc.ts";

type Header = ReadonlyMap<string, readonly string[]>;

const requestSizes = [27_182, 8, 1828, 45_904];
const replySizes = [31_415, 9, 2653, 58_979];
const textStatus = { code: GrpcCode.UNKNOWN, message: "test status message" };
const oddStatus = {
  code: GrpcCode.UNKNOWN,
  message: "\t\ntest with whitespace\r\nand Unicode BMP ☺ and non-BMP 😈\t\n",
};
const metadata = {
  "x-grpc-test-echo-initial": "test_initial_metadata_value",
  "x-grpc-test-echo-trailing-bin": encodeBinaryHeader(
    Uint8Array.of(0xab, 0xab, 0xab, 0x0a, 0x0b, 0x0a),
  ),
};

/** The cases that implementations of gRPC agree on, by name, as a client makes them. */
export const cases: Readonly<
  Record<string, (service: TestServiceGrpcClient, client: GrpcClient) => Promise<void>>
> = {
  async empty_unary(service) {
    expect(await service.emptyCall({})).toEqual({ $typeName: "grpc.testing.Empty" });
  },
  async large_unary(service) {
    const reply = await service.unaryCall({ responseSize: 314_159, payload: payload(271_828) });
    expect(reply.payload?.body).toEqual(new Uint8Array(314_159));
  },
  async client_streaming(service) {
    const reply = await service.streamingInputCall(
      iterate(requestSizes.map((size) => ({ payload: payload(size) }))),
    );
    expect(reply.aggregatedPayloadSize).toBe(74_922);
  },
  async server_streaming(service) {
    const responseParameters = replySizes.map((size) => ({ size }));
    expect(await readSizes(service.streamingOutputCall({ responseParameters }))).toEqual(
      replySizes,
    );
  },
  async ping_pong(service) {
    const turns = new Turns();
    const sizes: number[] = [];
    for await (const reply of service.fullDuplexCall(turns.requests())) {
      sizes.push(reply.payload?.body.length ?? 0);
      turns.answered();
    }
    expect(sizes).toEqual(replySizes);
  },
  async empty_stream(service) {
    expect(await readSizes(service.fullDuplexCall(iterate([])))).toEqual([]);
  },
  async cancel_after_begin(service) {
    const abort = new AbortController();
    const call = service.streamingInputCall(waitFor(abort.signal), { signal: abort.signal });
    abort.abort();
    await expect(call).rejects.toMatchObject({ code: 499 });
  },
  async cancel_after_first_response(service) {
    const abort = new AbortController();
    const turns = new Turns();
    const replies = service.fullDuplexCall(turns.requests(), { signal: abort.signal });
    const read = async (): Promise<void> => {
      for await (const reply of replies) {
        expect(reply.payload?.body).toHaveLength(31_415);
        abort.abort();
      }
    };
    await expect(read()).rejects.toMatchObject({ code: 499 });
  },
  async timeout_on_sleeping_server(service) {
    const requests = iterate([
      { payload: payload(27_182), responseParameters: [{ size: 31_415, intervalUs: 5_000_000 }] },
    ]);
    const replies = readSizes(service.fullDuplexCall(requests, { timeout: 1 }));
    await expect(replies).rejects.toMatchObject({ code: 504 });
  },
  async status_code_and_message(service) {
    const expected = { grpcCode: textStatus.code, message: textStatus.message };
    const unary = service.unaryCall({ responseStatus: textStatus });
    await expect(unary).rejects.toMatchObject(expected);
    const stream = readSizes(service.fullDuplexCall(iterate([{ responseStatus: textStatus }])));
    await expect(stream).rejects.toMatchObject(expected);
  },
  async special_status_message(service) {
    const call = service.unaryCall({ responseStatus: oddStatus });
    await expect(call).rejects.toMatchObject({ message: oddStatus.message });
  },
  async unimplemented_method(service) {
    await expect(service.unimplementedCall({})).rejects.toMatchObject({ grpcCode: 12 });
  },
  async unimplemented_service(_, client) {
    const call = createUnimplementedServiceGrpcClient(client).unimplementedCall({});
    await expect(call).rejects.toMatchObject({ grpcCode: 12 });
  },
  async custom_metadata(service) {
    const seen = new Seen();
    await service.unaryCall({ responseSize: 1, payload: payload(1) }, seen.options);
    expect(seen.echoed).toEqual(metadata);
    const stream = new Seen();
    const request = { responseParameters: [{ size: 1 }], payload: payload(1) };
    await readSizes(service.fullDuplexCall(iterate([request]), stream.options));
    expect(stream.echoed).toEqual(metadata);
  },
  async rpc_soak(service) {
    const calls = Array.from({ length: 100 }, () =>
      service.unaryCall({ responseSize: 31_415, payload: payload(27_182) }),
    );
    const replies = await Promise.all(calls);
    expect(replies.every((reply) => reply.payload?.body.length === 31_415)).toBe(true);
  },
};

/** Makes the calls of one case. */
export async function runCase(name: string, client: GrpcClient): Promise<void> {
  const run = cases[name];
  if (run === undefined) throw new KratosError(404, "", `there is no case "${name}"`);
  await run(createTestServiceGrpcClient(client), client);
}

/** Requests of which each waits for the reply to the one before. */
class Turns {
  answered: () => void = () => undefined;

  async *requests() {
    for (const [i, size] of replySizes.entries()) {
      const answered = new Promise<void>((resolve) => {
        this.answered = resolve;
      });
      yield { responseParameters: [{ size }], payload: payload(requestSizes[i]!) };
      await answered; // oxlint-disable-line no-await-in-loop -- in turns
    }
  }
}

/** The metadata of one reply. */
class Seen {
  #header: Header = new Map();
  #trailer: Header = new Map();

  get options() {
    return {
      headers: metadata,
      onHeader: (header: Header) => void (this.#header = header),
      onTrailer: (trailer: Header) => void (this.#trailer = trailer),
    };
  }

  /** The part of it that servers of this service send back. */
  get echoed(): unknown {
    const [initial, trailing] = Object.keys(metadata);
    return {
      [initial!]: this.#header.get(initial!)?.join(),
      [trailing!]: this.#trailer.get(trailing!)?.join(),
    };
  }
}

function payload(size: number): { body: Uint8Array } {
  return { body: new Uint8Array(size) };
}

async function* iterate<T>(all: readonly T[]): AsyncIterable<T> {
  yield* all;
}

/** Yields nothing, and ends with the call. */
function waitFor(signal: AbortSignal): AsyncIterable<never> {
  const next = (): Promise<IteratorResult<never>> =>
    new Promise((resolve) => {
      const end = (): void => resolve({ done: true, value: undefined });
      signal.addEventListener("abort", end, { once: true });
    });
  return { [Symbol.asyncIterator]: () => ({ next }) };
}

async function readSizes(
  replies: AsyncIterable<{ readonly payload?: { readonly body: Uint8Array } | undefined }>,
): Promise<number[]> {
  const sizes: number[] = [];
  for await (const reply of replies) sizes.push(reply.payload?.body.length ?? 0);
  return sizes;
}
