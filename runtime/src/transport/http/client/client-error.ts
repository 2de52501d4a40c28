import { KratosError } from "../../../errors/kratos-error.ts";
import { parseStatusJson } from "../../../errors/status-json.ts";
import type { IncomingReply, SendError } from "./client-sender.ts";

const redirects: readonly number[] = [301, 302, 303, 307, 308];

/**
 * Reads the error that a service answered with, of whatever shape its body is: the status says what happened,
 * also where the body cannot be had, be it cut, badly packed or larger than `limit` bytes. Never rejects.
 */
export async function readReplyError(reply: IncomingReply, limit: number): Promise<KratosError> {
  let body: KratosError;
  try {
    const bytes = await reply.bytes(limit);
    body = parseStatusJson(new TextDecoder().decode(bytes), reply.status);
  } catch (cause) {
    body = new KratosError(reply.status, "", "", { cause });
  }
  return body.message !== "" || body.reason !== "" ? body : describe(reply, body);
}

/** What is left to say of an answer whose body says nothing. */
function describe(reply: IncomingReply, { metadata, cause }: KratosError): KratosError {
  const { status } = reply;
  const answer = describeStatus(reply);
  const options = cause === undefined ? {} : { cause };
  if (!redirects.includes(status)) {
    return new KratosError(status, "", answer, { metadata, ...options });
  }
  const location = reply.header.get("location");
  // Browsers do not tell where a redirect leads.
  const target = location === undefined ? "elsewhere" : `to "${location}"`;
  return new KratosError(
    status,
    "REDIRECT",
    `${answer} and points ${target}, which is not followed`,
    { metadata: location === undefined ? metadata : { ...metadata, location }, ...options },
  );
}

/** `the service answered 404 Not Found`. */
export function describeStatus({ status, statusText }: IncomingReply): string {
  return `the service answered ${status} ${statusText}`.trimEnd();
}

/** 503 for a request that got no whole reply. */
export function unreachable(where: string, error: SendError): KratosError {
  const cause = error.cause ?? error;
  return new KratosError(503, "UNREACHABLE", `cannot reach "${where}": ${error.message}`, {
    cause,
  });
}
