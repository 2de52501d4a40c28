import { isCodecError } from "../../../codec/codec-error.ts";
import { KratosError } from "../../../errors/kratos-error.ts";
import type { GrpcBinding } from "../protocol/binding.ts";
import type { MessageFormat, MessageFormats } from "../protocol/message-format.ts";
import { OwnReplies } from "./own-replies.ts";

/** A method of a service that the server answers itself. */
export type OwnMethod = { readonly formats: MessageFormats } & (
  | { readonly kind: "unary"; answer(request: never): unknown }
  | { readonly kind: "serverStreaming"; answer(request: never): AsyncIterator<unknown> }
  | {
      readonly kind: "bidiStreaming";
      answer(requests: AsyncIterable<never>): AsyncIterable<unknown>;
    }
);

/** The methods of such a service by their operations. */
export type OwnMethods = Readonly<Record<string, OwnMethod>>;

/**
 * The bindings of a service of which only the kinds of its methods are known: its schemas and codecs come with
 * `load`, which the first call calls, so that servers which nobody asks need not have them.
 */
export function bindOwnService(
  kinds: Readonly<Record<string, OwnMethod["kind"]>>,
  load: () => Promise<OwnMethods>,
): GrpcBinding[] {
  let loaded: Promise<OwnMethods> | undefined;
  return Object.entries(kinds).map(([operation, kind]) => {
    const find = async (): Promise<OwnMethod> => {
      loaded ??= load();
      try {
        return (await loaded)[operation]!;
      } catch (error) {
        loaded = undefined;
        throw error;
      }
    };
    return { operation, kind, formats: unreadFormats, handler: handlers[kind](find) };
  });
}

/** A request whose schema may not be there yet. */
interface Unread {
  readonly format: keyof MessageFormats;
  readonly bytes: Uint8Array;
}

/** Requests are handed on as they came; replies are frames already. */
const unreadFormats: MessageFormats = {
  proto: /* @__PURE__ */ unreadFormat("proto", "application/grpc"),
  json: /* @__PURE__ */ unreadFormat("json", "application/grpc+json"),
};

function unreadFormat(format: keyof MessageFormats, contentType: string): MessageFormat {
  return {
    contentType,
    decode: (bytes, start, end): Unread => ({ format, bytes: bytes.slice(start, end) }),
    encode: (frame) => frame as Uint8Array,
  };
}

type FindMethod = () => Promise<OwnMethod>;

const handlers: Record<
  OwnMethod["kind"],
  (find: FindMethod) => (request: unknown) => Promise<unknown> | AsyncIterable<unknown>
> = {
  unary: (find) => async (request) => {
    const { format } = request as Unread;
    const method = await find();
    const answer = method.answer as (message: unknown) => unknown;
    return method.formats[format].encode(answer(read(method, request as Unread)));
  },
  serverStreaming: (find) => (request) => {
    const { format } = request as Unread;
    const open = async (): Promise<{ replies: AsyncIterator<unknown>; format: MessageFormat }> => {
      const method = await find();
      const answer = method.answer as (message: unknown) => AsyncIterator<unknown>;
      const replies = answer(read(method, request as Unread));
      return { replies, format: method.formats[format] };
    };
    return new OwnReplies(open());
  },
  bidiStreaming: (find) => (requests) => converse(find, requests as AsyncIterable<Unread>),
};

async function* converse(
  find: FindMethod,
  requests: AsyncIterable<Unread>,
): AsyncIterable<unknown> {
  const method = await find();
  const answer = method.answer as (messages: AsyncIterable<unknown>) => AsyncIterable<unknown>;
  let format: keyof MessageFormats = "proto";
  const messages = (async function* () {
    for await (const request of requests) {
      ({ format } = request);
      yield read(method, request);
    }
  })();
  for await (const reply of answer(messages)) yield method.formats[format].encode(reply);
}

function read({ formats }: OwnMethod, { format, bytes }: Unread): unknown {
  try {
    return formats[format].decode(bytes, 0, bytes.length);
  } catch (error) {
    if (!isCodecError(error)) throw error;
    throw new KratosError(400, "CODEC", error.message, { cause: error });
  }
}
