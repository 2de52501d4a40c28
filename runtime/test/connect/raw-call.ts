import { type IncomingHttpHeaders, request as sendRequest } from "node:http";

/** A response as it came, its body whole. */
export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly trailers: NodeJS.Dict<string>;
  readonly body: Buffer;
  /** The body as JSON; undefined when it is none. */
  readonly json: unknown;
}

/** Sends a request over HTTP/1.1 on a connection of its own. */
export function call(
  url: string,
  body: string | Uint8Array | undefined,
  headers: Readonly<Record<string, string>>,
  method = "POST",
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = sendRequest(url, { method, headers, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("error", reject);
      response.on("end", () => {
        const whole = Buffer.concat(chunks);
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          trailers: response.trailers,
          body: whole,
          json: findJson(whole),
        });
      });
    });
    request.on("error", reject);
    request.end(body);
  });
}

function findJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString()) as unknown;
  } catch {
    return undefined;
  }
}

/** An envelope: flags, length and content. */
export function envelope(content: string | Uint8Array, flags = 0, length?: number): Buffer {
  const bytes = Buffer.from(content);
  const prefix = Buffer.alloc(5);
  prefix[0] = flags;
  prefix.writeUInt32BE(length ?? bytes.length, 1);
  return Buffer.concat([prefix, bytes]);
}

/** The envelopes of a body, with their content as text. */
export function readEnvelopes(body: Buffer): { flags: number; text: string }[] {
  const found: { flags: number; text: string }[] = [];
  for (let at = 0; at < body.length;) {
    const length = body.readUInt32BE(at + 1);
    found.push({ flags: body[at]!, text: body.toString("utf8", at + 5, at + 5 + length) });
    at += 5 + length;
  }
  return found;
}
