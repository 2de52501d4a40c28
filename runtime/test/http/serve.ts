import type { DescMessage } from "@bufbuild/protobuf";
import { HttpServer, type HttpServerOptions } from "@kratos-ts/runtime/http";
import { silentLogger } from "@kratos-ts/runtime/log";
import type { AppInfo } from "@kratos-ts/runtime";
import { connect } from "node:net";
import { onTestFinished } from "vitest";
import type { HttpBinding, UnaryHandler } from "../../src/transport/method.ts";

export const appInfo: AppInfo = {
  id: "1",
  name: "test",
  version: "1",
  metadata: {},
  endpoints: [],
};

/** A rule as tests write it: `POST /v1/{id} body=* response=tags`. */
export function parseRule(text: string): HttpBinding {
  const [method = "", path = "", ...rest] = text.split(" ");
  const found = (key: string) => rest.find((part) => part.startsWith(`${key}=`))?.split("=")[1];
  const body = found("body");
  const responseBody = found("response");
  return {
    method,
    path,
    ...(body !== undefined && { body }),
    ...(responseBody !== undefined && { responseBody }),
  };
}

/** A server of one test; it stops when the test has finished. */
export function createTestServer(options: HttpServerOptions = {}): HttpServer {
  const server = new HttpServer({ addr: "127.0.0.1:0", logger: silentLogger, ...options });
  onTestFinished(() => server.stop(AbortSignal.abort()));
  return server;
}

/** Starts a server that serves each rule as an operation of its own, `/test.v1.Test/<rule>`. */
export async function serveRules(
  rules: readonly string[],
  input: DescMessage,
  output: DescMessage,
  handler: UnaryHandler<DescMessage, DescMessage>,
  options: HttpServerOptions = {},
): Promise<number> {
  const server = createTestServer(options);
  for (const rule of rules) {
    const operation = `/test.v1.Test/${rule}`;
    server.handle({ operation, input, output, bindings: [parseRule(rule)] }, handler);
  }
  await server.start(appInfo);
  return server.port!;
}

/** A response as it came over the wire. */
export interface RawResponse {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
}

/** Sends bytes as they are and returns the one response; the request must ask for the connection to close. */
export async function sendRaw(port: number, request: string | Buffer): Promise<RawResponse> {
  const chunks: Buffer[] = [];
  const socket = connect(port, "127.0.0.1");
  socket.write(request); // and no end: to a server, one who ends has gone
  for await (const chunk of socket) chunks.push(chunk as Buffer);
  return parseResponse(Buffer.concat(chunks).toString());
}

/** `GET /path` or `POST /path` with a body, target untouched, on a connection of its own. */
export function send(
  port: number,
  line: string,
  body?: string | Buffer,
  headers: Readonly<Record<string, string>> = {},
): Promise<RawResponse> {
  const bytes = body === undefined ? undefined : Buffer.from(body);
  const all: Record<string, string> = { Host: "test", Connection: "close", ...headers };
  if (bytes !== undefined && !("Transfer-Encoding" in headers)) {
    all["Content-Length"] = String(bytes.length);
  }
  const head = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  const request = Buffer.from(`${line} HTTP/1.1\r\n${head.join("")}\r\n`, "latin1");
  return sendRaw(port, Buffer.concat([request, bytes ?? Buffer.alloc(0)]));
}

export function parseResponse(text: string): RawResponse {
  const end = text.indexOf("\r\n\r\n");
  const [line = "", ...fields] = text.slice(0, end).split("\r\n");
  const headers = new Map(
    fields.map((field) => {
      const colon = field.indexOf(":");
      return [field.slice(0, colon).toLowerCase(), field.slice(colon + 1).trim()];
    }),
  );
  return { status: Number(line.split(" ")[1]), headers, body: text.slice(end + 4) };
}
