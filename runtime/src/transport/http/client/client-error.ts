import { KratosError } from "../../../errors/kratos-error.ts";
import { parseStatusJson } from "../../../errors/status-json.ts";
import type { IncomingReply, SendError } from "./client-sender.ts";

const redirects: readonly number[] = [301, 302, 303, 307, 308];

/** The error that a service answered with; of whatever shape its body is. */
export function toReplyError(reply: IncomingReply, body: Uint8Array): KratosError {
  const { status, statusText, header } = reply;
  const error = parseStatusJson(new TextDecoder().decode(body), status);
  const location = header.get("location");
  if (error.message !== "" || error.reason !== "") return error;
  const answer = `the service answered ${status} ${statusText}`.trimEnd();
  const { metadata } = error;
  const cause = error.cause === undefined ? {} : { cause: error.cause };
  if (!redirects.includes(status)) {
    return new KratosError(status, "", answer, { metadata, ...cause });
  }
  // Browsers do not tell where a redirect leads.
  const target = location === undefined ? "elsewhere" : `to "${location}"`;
  return new KratosError(
    status,
    "REDIRECT",
    `${answer} and points ${target}, which is not followed`,
    {
      metadata: location === undefined ? metadata : { ...metadata, location },
      ...cause,
    },
  );
}

/** 503 for a request that got no whole reply. */
export function unreachable(where: string, error: SendError): KratosError {
  const cause = error.cause ?? error;
  return new KratosError(503, "UNREACHABLE", `cannot reach "${where}": ${error.message}`, {
    cause,
  });
}
