import type { DescMessage } from "@bufbuild/protobuf";
import type { HttpServerOptions } from "@kratos-ts/runtime/http";
import { describe, expect, test } from "vitest";
import { buildSchema } from "../schema.ts";
import { serveRules } from "../serve.ts";

const R = buildSchema()("test.v1.R");

interface Outcome {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

/** Sends a form with Node's own client; answered with the message that it became, unset fields left out. */
async function upload(
  fields: readonly (readonly [name: string, value: string | Blob, fileName?: string])[],
  rule = "POST /v1/{id} body=*",
  options: HttpServerOptions = {},
): Promise<Outcome> {
  const form = new FormData();
  for (const [name, value, fileName] of fields) {
    if (typeof value === "string") form.append(name, value);
    else form.append(name, value, fileName);
  }
  const port = await serveRules([rule], R, R, (message) => message, {
    json: { emitDefaults: false },
    ...options,
  });
  const response = await fetch(`http://127.0.0.1:${port}/v1/7?name=query`, {
    method: "POST",
    body: form,
  });
  return { status: response.status, body: (await response.json()) as Outcome["body"] };
}

const file = (type = "image/png", bytes: readonly number[] = [0, 255, 13, 10]) =>
  new Blob([Uint8Array.from(bytes)], { type });

describe("a form in parts", () => {
  test("sets fields by the names that queries use", async () => {
    const { body } = await upload([
      ["name", "a+b %41 ä"],
      ["n", "5"],
      ["sub.num", "3"],
      ["tags", "x"],
      ["tags", "y"],
      ["labels[k]", "v"],
      ["displayName", "d"],
      ["id", "ignored"],
      ["unknown", "ignored"],
      ["unknown", file()],
    ]);
    expect(body).toEqual({
      id: "7",
      name: "a+b %41 ä",
      n: 5,
      sub: { num: 3 },
      tags: ["x", "y"],
      labels: { k: "v" },
      displayName: "d",
    });
  });

  test("puts files into bytes and HttpBody fields", async () => {
    const { body } = await upload([
      ["raw", file()],
      ["file", file()],
      ["name", "with files"],
    ]);
    const data = "AP8NCg==";
    expect(body).toEqual({
      id: "7",
      name: "with files",
      raw: data,
      file: { contentType: "image/png", data },
    });
  });

  test("puts texts into bytes as a query does, and into an HttpBody as they are", async () => {
    const { body } = await upload([
      ["raw", "AP8NCg=="],
      ["file", "text"],
    ]);
    expect(body).toEqual({ id: "7", raw: "AP8NCg==", file: { data: "dGV4dA==" } });
  });

  test("reads parts of JSON into any other field", async () => {
    const { body } = await upload([
      ["sub", file("application/json", [...Buffer.from('{"num":3,"deep":{"num":4}}')])],
      ["subs", file("application/json; charset=utf-8", [...Buffer.from('[{"num":1},{"num":2}]')])],
      ["sub.tags", file("application/json", [...Buffer.from('["x"]')])],
    ]);
    expect(body).toEqual({
      id: "7",
      sub: { num: 3, deep: { num: 4 }, tags: ["x"] },
      subs: [{ num: 1 }, { num: 2 }],
    });
  });

  test("takes no choice of a file for none", async () => {
    const { status, body } = await upload([
      ["raw", file("application/octet-stream", []), ""],
      ["n", "1"],
    ]);
    expect({ status, body }).toEqual({ status: 200, body: { id: "7", n: 1 } });
  });

  test("is read into one field beside the query", async () => {
    const { body } = await upload([["num", "3"]], "POST /v1/{id} body=sub");
    expect(body).toEqual({ id: "7", name: "query", sub: { num: 3 } });
  });

  test("stays as it is for a rule that takes bytes", async () => {
    const { body } = await upload([["a", "b"]], "POST /v1/{id} body=file");
    const { contentType, data } = body["file"] as { contentType: string; data: string };
    expect(contentType).toMatch(/^multipart\/form-data; boundary=/);
    expect(Buffer.from(data, "base64").toString()).toContain('name="a"\r\n\r\nb\r\n');
  });

  type Fields = Parameters<typeof upload>[0];

  test.for<[title: string, fields: Fields, message: string]>([
    [
      "a file for a text",
      [["name", file()]],
      'field "name": a file goes only into bytes or a google.api.HttpBody',
    ],
    [
      "a file in a nested text",
      [["sub.subfield", file()]],
      'field "sub.subfield": a file goes only into',
    ],
    [
      "a second file",
      [
        ["raw", file()],
        ["raw", file()],
      ],
      'field "raw": it is given more than once',
    ],
    [
      "a file and a text",
      [
        ["raw", "AA=="],
        ["raw", file()],
      ],
      'field "raw": it is given more than once',
    ],
    [
      "two of a oneof",
      [
        ["pick_a", "x"],
        ["pick_b", file("application/json", [0x31])],
      ],
      'field "pick_b": "pick_a" is given too',
    ],
    ["malformed JSON", [["sub", file("application/json", [0x7b])]], 'field "sub": malformed JSON'],
    [
      "JSON that does not fit",
      [["sub", file("application/json", [...Buffer.from('{"num":"x"}')])]],
      "num",
    ],
    ["a text that does not fit", [["n", "x"]], 'field "n": '],
  ])("is refused with %s", async ([, fields, message]) => {
    const { status, body } = await upload(fields);
    expect({ status, body }).toMatchObject({
      status: 400,
      body: { reason: "CODEC", message: expect.stringContaining(message) },
    });
  });

  test("is refused with names that are no fields, by a strict server", async () => {
    const strict = { strict: { query: true } };
    for (const value of ["x", file()]) {
      const { status, body } = await upload([["nope", value]], undefined, strict);
      expect(status).toBe(400);
      expect(body["message"]).toBe('"nope" is no field of "test.v1.R"');
    }
  });

  test("is refused for a field that is no message", async () => {
    const { status, body } = await upload([["a", "b"]], "POST /v1/{id} body=tags");
    expect({ status, body }).toMatchObject({
      status: 415,
      body: { message: expect.stringContaining('from "multipart/form-data"') },
    });
  });

  test("is refused when it is larger than a body may be", async () => {
    const large = file(
      "image/png",
      Array.from({ length: 5000 }, () => 1),
    );
    const { status } = await upload([["raw", large]], undefined, { maxBodyBytes: 5000 });
    expect(status).toBe(413);
  });

  test.for<[title: string, part: string]>([
    ["spaces in a header", `X: ${" ".repeat(8000)}x`],
    ["quotes that do not end", `Content-Disposition: form-data${';a="x'.repeat(1300)}`],
    ["parameters", `Content-Disposition: form-data${";a=b".repeat(1900)}`],
  ])("with too many %s is refused at once", async ([, header]) => {
    const port = await serveRules(["POST /v1 body=*"], R as DescMessage, R, (message) => message);
    const part = `--b\r\n${header}\r\n\r\n\r\n`;
    const response = await fetch(`http://127.0.0.1:${port}/v1`, {
      method: "POST",
      headers: { "Content-Type": "multipart/form-data; boundary=b", "x-server-timeout": "1" },
      body: `${part.repeat(400)}--b--`,
    });
    expect(response.status).toBe(400);
  });
});
