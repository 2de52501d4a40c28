import { ServerResponse } from "node:http";

/**
 * Lets headers that `writeHead` gets stand beside those that a filter has set before, and repeat themselves:
 * Node keeps only the last of each name, so that all but one `Set-Cookie` would be lost.
 */
export function mergeHeaders(response: ServerResponse): void {
  // Over HTTP/2, Node's responses do so by themselves.
  if (!(response instanceof ServerResponse)) return;
  response.writeHead = writeMergedHead as ServerResponse["writeHead"];
}

/** Takes what `writeHead` takes: a reason, or headers, or both. */
function writeMergedHead(this: ServerResponse, status: number, ...rest: unknown[]): ServerResponse {
  const fields = rest.at(-1);
  let kept = rest;
  if (Array.isArray(fields)) {
    kept = rest.slice(0, -1);
    for (let index = 0; index < fields.length; index += 2) this.removeHeader(String(fields[index]));
    for (let index = 0; index < fields.length; index += 2) {
      this.appendHeader(String(fields[index]), String(fields[index + 1]));
    }
  }
  return Reflect.apply(ServerResponse.prototype.writeHead, this, [status, ...kept]);
}
