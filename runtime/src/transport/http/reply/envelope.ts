import { randomUUID } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { KratosError } from "../../../errors/kratos-error.ts";
import type { CallContext } from "../../context.ts";
import type { EncodedReply, ReplyEncoder } from "./reply.ts";

/**
 * Puts what a server answers into an object of your own making, such as `{"code":0,"data":…}`. For clients
 * that expect one: generated clients read replies and errors as they are, and OpenAPI documents describe them
 * so, with no envelope around them.
 *
 * ```ts
 * const envelope: Envelope = {
 *   reply: (data) => ({ code: 0, message: "ok", data }),
 *   error: ({ code, reason, message }) => ({ status: 200, body: { code, reason, message, data: null } }),
 * };
 * ```
 */
export interface Envelope {
  /**
   * Makes what is sent in place of a reply of a unary call that goes out as JSON; raw bodies and binary
   * replies stay as they are. `data` stands for the reply, to be put where it belongs.
   */
  readonly reply?: ((data: ReplyData, context: CallContext) => unknown) | undefined;
  /** Makes what is sent in place of an error, also of one that no route caused; redirects stay as they are. */
  readonly error?: ((error: KratosError, request: IncomingMessage) => ErrorEnvelope) | undefined;
}

/** An error as an {@link Envelope} has it sent. */
export interface ErrorEnvelope {
  /** The HTTP status. Default: the one that the error has without an envelope. */
  readonly status?: number | undefined;
  /** Is written as JSON. */
  readonly body: unknown;
}

/** Stands for a reply that is JSON text already, and need not be read and written again to be wrapped. */
export interface ReplyData {
  toJSON(): string;
}

/** Lets replies go out in what `wrap` makes of them. */
export function wrapReplies(
  encode: ReplyEncoder,
  wrap: NonNullable<Envelope["reply"]>,
): ReplyEncoder {
  // Nobody can put text into a reply that looks like this.
  const mark = `reply-${randomUUID()}`;
  const quoted = JSON.stringify(mark);
  const data: ReplyData = { toJSON: () => mark };
  return (reply, accept, context): EncodedReply => {
    const encoded = encode(reply, accept, context);
    const { contentType, body } = encoded;
    if (typeof body !== "string" || !isJson(contentType)) return encoded;
    const outer = JSON.stringify(wrap(data, context));
    return { contentType, body: outer.replaceAll(quoted, () => body) };
  };
}

function isJson(contentType: string): boolean {
  return /^application\/(?:proto)?json(?:;|$)|\+json(?:;|$)/.test(contentType);
}
