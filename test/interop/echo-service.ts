import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { KratosError } from "@kratos-ts/runtime";
import type { CallContext } from "@kratos-ts/runtime";
import { setTimeout as delay } from "node:timers/promises";
import type { EchoServiceGrpcServer } from "./proto/interop/v1/echo_grpc.ts";
import {
  type CollectReplySchema,
  type FailRequest,
  MoodSchema,
  type ReadRequest,
  type SayReplySchema,
  type SayRequest,
  SayRequestSchema,
  type WatchRequest,
} from "./proto/interop/v1/echo_pb.ts";

type SayReply = MessageInitShape<typeof SayReplySchema>;

/** The same service as the peer in Go has, over both transports. */
export class EchoService implements EchoServiceGrpcServer {
  async say(request: SayRequest, context: CallContext): Promise<SayReply> {
    const { wait } = request;
    if (wait !== undefined) {
      const milliseconds = Number(wait.seconds) * 1000 + wait.nanos / 1e6;
      await delay(milliseconds, undefined, { signal: context.signal });
    }
    return reply(request, context);
  }

  read(request: ReadRequest, context: CallContext): SayReply {
    const said = request.said ?? create(SayRequestSchema);
    said.number = request.number;
    said.labels = { name: request.name };
    said.tags = request.moods.map((mood) => MoodSchema.value[mood]?.name ?? String(mood));
    return reply(said, context);
  }

  fail(request: FailRequest): SayReply {
    if (request.unexpected) throw new Error(request.message);
    throw new KratosError(request.code, request.reason, request.message, {
      metadata: request.metadata,
    });
  }

  async *watch(request: WatchRequest, context: CallContext): AsyncIterable<SayReply> {
    for (let i = 0; i < request.count; i++) {
      yield reply({ text: request.text, number: BigInt(i) }, context);
    }
    if (request.reason !== "") {
      throw new KratosError(409, request.reason, "told to fail", { metadata: { count: "done" } });
    }
  }

  async collect(
    requests: AsyncIterable<SayRequest>,
  ): Promise<MessageInitShape<typeof CollectReplySchema>> {
    const texts: string[] = [];
    for await (const { text } of requests) {
      if (text === "fail") throw new KratosError(409, "TOLD_TO", "told to fail");
      texts.push(text);
    }
    return { text: texts.join(" "), count: texts.length };
  }

  async *chat(requests: AsyncIterable<SayRequest>, context: CallContext): AsyncIterable<SayReply> {
    for await (const request of requests) {
      if (request.text === "fail") throw new KratosError(409, "TOLD_TO", "told to fail");
      yield reply(request, context);
    }
  }
}

function reply(said: SayReply["said"], context: CallContext): SayReply {
  const { requestHeader, replyHeader, operation } = context;
  replyHeader.set("x-answered-by", "node");
  const names = requestHeader.keys().filter((name) => name.startsWith("x-md-"));
  const metadata = Object.fromEntries(names.map((name) => [name, requestHeader.get(name) ?? ""]));
  return { ...(said !== undefined && { said }), metadata, operation };
}
