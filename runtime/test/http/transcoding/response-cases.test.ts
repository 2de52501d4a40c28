import { expect, test } from "vitest";
import { buildSchema } from "../schema.ts";
import { appInfo, createTestServer, parseRule, type RawResponse, send } from "../serve.ts";
import { type ResponseCase, responseCases } from "./response.ts";

const find = buildSchema();

test.for(responseCases)("$id $title", async (wanted) => {
  const response = await answer(wanted);

  const { status = 200, type = "application/json", body = response.body, json = {} } = wanted;
  expect(response.status).toBe(status);
  expect(response.headers.get("content-type")).toBe(type);
  expect(response.body).toBe(body);
  expect(parseObject(response.body)).toMatchObject(json);
  expect(Object.keys(parseObject(response.body))).toEqual(
    expect.not.arrayContaining([...(wanted.without ?? ["nothing that is ever there"])]),
  );
});

test("G20 HEAD gets the headers of GET", async () => {
  const [get, head] = await Promise.all(
    ["GET /v1", "HEAD /v1"].map((request) =>
      answer({ id: "G20", title: "", reply: { name: "ä" }, request }),
    ),
  );
  expect(head!.headers.get("content-length")).toBe(get!.headers.get("content-length"));
  expect(head!.headers.get("content-length")).toBe(String(Buffer.byteLength(get!.body)));
});

async function answer(given: ResponseCase): Promise<RawResponse> {
  const { rule = "GET /v1", request = "GET /v1", output = "test.v1.R", reply } = given;
  const server = createTestServer(given.options);
  const operation = "/test.v1.Test/Call";
  server.handle(
    { operation, input: find("test.v1.R"), output: find(output), bindings: [parseRule(rule)] },
    () => {
      if (reply instanceof Error) throw reply;
      return reply;
    },
  );
  if (given.configure !== undefined) server.configure(operation, given.configure);
  await server.start(appInfo);
  return send(server.port!, request, undefined, given.headers);
}

/** Whatever is no object of JSON has no members. */
function parseObject(body: string): object {
  return body.startsWith("{") ? (JSON.parse(body) as object) : {};
}
