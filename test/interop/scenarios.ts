import { type DescMessage, type MessageShape, toJson, type JsonValue } from "@bufbuild/protobuf";
import type { CallOptions } from "@kratos-ts/runtime";
import { fromError } from "@kratos-ts/runtime";
import type { EchoServiceGrpcClient } from "./proto/interop/v1/echo_grpc.ts";
import { CollectReplySchema, Mood, SayReplySchema } from "./proto/interop/v1/echo_pb.ts";

/** What came of one call. */
export interface Outcome {
  readonly replies?: readonly JsonValue[];
  readonly error?: {
    readonly code: number;
    readonly reason: string;
    readonly message: string;
    readonly metadata?: Readonly<Record<string, string>>;
  };
}

/** Outcomes by the name of the scenario. */
export type Outcomes = Readonly<Record<string, Outcome>>;

const options: CallOptions = {
  timeout: 5000,
  headers: { "x-md-global-who": "node", "x-md-local-where": "here" },
};

/** Makes the same calls as the peer in Go does. `client` is a generated one, over either transport. */
export async function callAll(client: EchoServiceGrpcClient): Promise<Outcomes> {
  const one = (reply: Promise<MessageShape<typeof SayReplySchema>>) =>
    record(SayReplySchema, single(reply));
  const many = (replies: AsyncIterable<MessageShape<typeof SayReplySchema>>) =>
    record(SayReplySchema, replies);
  return {
    say: await one(
      client.say(
        {
          text: "héllo <b>&",
          number: 9007199254740993n,
          tags: ["a", "b,c"],
          labels: { k: "v" },
          mood: Mood.GOOD,
          at: { seconds: 1763596800n, nanos: 123456789 },
          maybe: 0,
          data: Uint8Array.of(0xfb, 0xff, 0),
          ratio: 0.5,
        },
        options,
      ),
    ),
    read: await one(
      client.read(
        {
          name: "rooms/7",
          number: 42n,
          said: { text: "a b&c", mood: Mood.BAD },
          moods: [Mood.GOOD, Mood.BAD],
        },
        options,
      ),
    ),
    fail: await one(
      client.fail({
        code: 409,
        reason: "ROOM_FULL",
        message: "no röom",
        metadata: { room: "7" },
      }),
    ),
    "fail unexpectedly": await one(client.fail({ unexpected: true, message: "secret" })),
    deadline: await one(client.say({ wait: { seconds: 60n } }, { timeout: 100 })),
    watch: await many(client.watch({ text: "two\nlines", count: 3 }, options)),
    "watch nothing": await many(client.watch({}, options)),
    "watch and fail": await many(client.watch({ text: "x", count: 1, reason: "STOPPED" }, options)),
    "watch fails at once": await many(client.watch({ reason: "STOPPED" }, options)),
    collect: await record(
      CollectReplySchema,
      single(client.collect(texts("a", "ü", "c"), options)),
    ),
    "collect and fail": await record(
      CollectReplySchema,
      single(client.collect(texts("fail"), options)),
    ),
    chat: await many(client.chat(texts("a", "ü"), options)),
    "chat and fail": await many(client.chat(texts("fail"), options)),
  };
}

async function* texts(...all: string[]): AsyncIterable<{ text: string }> {
  for (const text of all) yield { text };
}

async function* single<T>(value: Promise<T>): AsyncIterable<T> {
  yield await value;
}

async function record<D extends DescMessage>(
  schema: D,
  replies: AsyncIterable<MessageShape<D>>,
): Promise<Outcome> {
  const all: JsonValue[] = [];
  try {
    for await (const message of replies) all.push(toJson(schema, message));
  } catch (error) {
    const { code, reason, message, metadata } = fromError(error);
    const isPlain = Object.keys(metadata).length === 0;
    const outcome = { code, reason, message, ...(!isPlain && { metadata }) };
    return { ...(all.length > 0 && { replies: all }), error: outcome };
  }
  return all.length > 0 ? { replies: all } : {};
}
