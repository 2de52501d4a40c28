import type { Message } from "@bufbuild/protobuf";
import { createFileRegistry, fromBinary } from "@bufbuild/protobuf";
import type { GenMessage, GenService } from "@bufbuild/protobuf/codegenv2";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { KratosError } from "@kratos-ts/runtime/codegenv1";
import { execFileSync } from "node:child_process";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import type { CallContext } from "../../src/transport/context.ts";
import type { GrpcMethod, GrpcRouter, MethodKind } from "../../src/transport/method.ts";

export type Words = Message<"test.parrot.v1.Words"> & {
  text: string;
  count: bigint;
  payload: Uint8Array;
};

const buf = createRequire(import.meta.url).resolve("@bufbuild/buf/bin/buf");
const folder = fileURLToPath(new URL("./proto", import.meta.url));
/** The descriptors of the service, as a `google.protobuf.FileDescriptorSet`. */
export const image: Uint8Array = execFileSync(
  process.execPath,
  [buf, "build", "-o", "-", "--as-file-descriptor-set"],
  {
    cwd: folder,
  },
);
const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, image));

export const WordsSchema = registry.getMessage("test.parrot.v1.Words") as GenMessage<Words>;

type Method<K extends string> = {
  methodKind: K;
  input: typeof WordsSchema;
  output: typeof WordsSchema;
};

/** The service as clients of Connect take it. */
export const Parrot = registry.getService("test.parrot.v1.Parrot") as GenService<{
  say: Method<"unary">;
  look: Method<"unary">;
  repeat: Method<"server_streaming">;
  collect: Method<"client_streaming">;
  chat: Method<"bidi_streaming">;
}>;

function method<K extends MethodKind>(
  name: string,
  kind: K,
): GrpcMethod<typeof WordsSchema, typeof WordsSchema, K> {
  return {
    operation: `/test.parrot.v1.Parrot/${name}`,
    kind,
    input: WordsSchema,
    output: WordsSchema,
  };
}

export const Say = method("Say", "unary");
export const Look = { ...method("Look", "unary"), idempotency: "noSideEffects" } as const;
export const Repeat = method("Repeat", "serverStreaming");
export const Collect = method("Collect", "clientStreaming");
export const Chat = method("Chat", "bidiStreaming");

/** The error that texts beginning with `fail` bring about. */
export function failure(text: string): KratosError {
  const metadata = { text };
  return new KratosError(404, "NOT_A_PARROT", `nobody says "${text}" – nie`, { metadata });
}

/** Sends back the headers that ask for it. */
function answerHeaders({ requestHeader, replyHeader }: CallContext): void {
  for (const name of ["x-md-global-a", "x-raw-bin"]) {
    for (const value of requestHeader.values(name)) replyHeader.add(`${name}-seen`, value);
  }
}

/** Registers a parrot: text that begins with `fail` is an error, after what was said before. */
export function registerParrot(router: GrpcRouter): void {
  const say = (words: Words, context: CallContext): Words => {
    answerHeaders(context);
    if (words.text.startsWith("fail")) throw failure(words.text);
    if (words.text === "crash") throw new Error("a secret");
    return words;
  };
  router.handle(Say, say);
  router.handle(Look, say);
  router.handle(Repeat, async function* (words, context) {
    answerHeaders(context);
    for (let count = 1n; count <= words.count; count++) yield { ...words, count };
    if (words.text.startsWith("fail")) throw failure(words.text);
  });
  router.handle(Collect, async (requests, context) => {
    answerHeaders(context);
    const texts: string[] = [];
    for await (const { text } of requests) texts.push(text);
    if (texts[0]?.startsWith("fail") === true) throw failure(texts[0]);
    return { text: texts.join(" "), count: BigInt(texts.length) };
  });
  router.handle(Chat, async function* (requests, context) {
    answerHeaders(context);
    let count = 0n;
    for await (const { text } of requests) {
      if (text.startsWith("fail")) throw failure(text);
      yield { text: text.toUpperCase(), count: ++count };
    }
  });
}
