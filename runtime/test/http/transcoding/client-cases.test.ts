import { create, toJson } from "@bufbuild/protobuf";
import { HttpClient } from "@kratos-ts/runtime/http";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { expect, onTestFinished, test } from "vitest";
import { buildSchema } from "../schema.ts";
import { appInfo, createTestServer, parseRule } from "../serve.ts";
import { type ClientCase, clientCases } from "./client.ts";

const R = buildSchema()("test.v1.R");
const sent = clientCases.filter(({ target }) => typeof target === "string");
const refused = clientCases.filter(({ target }) => target instanceof RegExp);

test.for(sent)("$id $title", async ({ rule, request, target, body = "" }) => {
  const seen: string[] = [];
  const endpoint = await listen(async (message) => {
    seen.push(`${message.method} ${message.url}`, await text(message));
  });

  await call(endpoint, rule, request);

  expect(seen).toEqual([`${parseRule(rule).method} ${String(target)}`, body]);
});

test.for(refused)("$id $title", async ({ rule, request, target }) => {
  let requests = 0;
  const endpoint = await listen(() => {
    requests++;
  });

  await expect(call(endpoint, rule, request)).rejects.toMatchObject({
    code: 400,
    reason: "CODEC",
    message: expect.stringMatching(target) as unknown,
  });
  expect(requests).toBe(0);
});

test.for(sent)("$id the server reads what the client sent: $title", async ({ rule, request }) => {
  const seen: unknown[] = [];
  const server = createTestServer();
  const operation = "/test.v1.Test/Call";
  server.handle({ operation, input: R, output: R, bindings: [parseRule(rule)] }, (message) => {
    seen.push(toJson(R, message));
    return {};
  });
  await server.start(appInfo);

  await call(`http://127.0.0.1:${server.port}`, rule, request);

  expect(seen).toEqual([toJson(R, create(R, request))]);
});

async function call(endpoint: string, rule: string, request: ClientCase["request"]): Promise<void> {
  const client = new HttpClient({ endpoint });
  onTestFinished(() => client.close());
  const operation = "/test.v1.Test/Call";
  await client.method({ operation, input: R, output: R, bindings: [parseRule(rule)] })(request);
}

/** A server of plain Node, which answers with an empty object; it closes when the test has finished. */
async function listen(
  receive: (request: IncomingMessage) => void | Promise<void>,
): Promise<string> {
  const server = createServer(async (request, response) => {
    await receive(request);
    response.setHeader("Content-Type", "application/json").end("{}");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
