import { KratosError } from "../../errors/kratos-error.ts";
import { parseStatusJson } from "../../errors/status-json.ts";
import type { IncomingReply, SendError } from "./client-sender.ts";

/** The error that a service answered with; of whatever shape its body is. */
export function toReplyError(reply: IncomingReply, body: Uint8Array): KratosError {
  const { status, statusText, header } = reply;
  const error = parseStatusJson(new TextDecoder().decode(body), status);
  const location = header.get("location");
  if (error.message !== "" || error.reason !== "") return error;
  const redirected = status >= 300 && status < 400 && location !== undefined;
  const answer = `the service answered ${status} ${statusText}`.trimEnd();
  return new KratosError(
    status,
    redirected ? "REDIRECT" : "",
    redirected ? `${answer} and points to "${location}", which is not followed` : answer,
    {
      metadata: redirected ? { ...error.metadata, location } : error.metadata,
      ...(error.cause !== undefined && { cause: error.cause }),
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
