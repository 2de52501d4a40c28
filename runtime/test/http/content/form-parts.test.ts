import { type FormPiece, readFormParts } from "@kratos-ts/runtime/http";
import { HttpBodySchema } from "@kratos-ts/runtime/protos/google/api/httpbody_pb.ts";
import { describe, expect, test } from "vitest";
import { appInfo, createTestServer, parseRule } from "../serve.ts";

const type = "multipart/form-data; boundary=b";

const body = [
  '--b\r\nContent-Disposition: form-data; name="title"\r\n\r\nholidays\r\n',
  '--b\r\nContent-Disposition: form-data; name="photo"; filename="a.png"\r\n',
  "Content-Type: image/png\r\n\r\n0123456789\r\n",
  '--b\r\nContent-Disposition: form-data; name="empty"\r\n\r\n\r\n--b--',
].join("");

/** A form in pieces of so many bytes. */
async function* piecesOf(
  text: string,
  size: number,
  contentType = type,
): AsyncGenerator<FormPiece> {
  for (let at = 0; at < text.length; at += size) {
    yield { contentType, data: Buffer.from(text.slice(at, at + size)) };
  }
}

async function textOf(data: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of data) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

describe("the parts of a form", () => {
  test.for([1, 7, 100, 10_000])("come one after the other, in pieces of %i bytes", async (size) => {
    const parts: unknown[] = [];
    for await (const { data, ...header } of readFormParts(piecesOf(body, size))) {
      parts.push({ ...header, text: await textOf(data) });
    }
    expect(parts).toEqual([
      { name: "title", fileName: undefined, contentType: "", text: "holidays" },
      { name: "photo", fileName: "a.png", contentType: "image/png", text: "0123456789" },
      { name: "empty", fileName: undefined, contentType: "", text: "" },
    ]);
  });

  test.for([1, 10_000])(
    "are passed over when they are not read, in pieces of %i bytes",
    async (size) => {
      const names: string[] = [];
      const left: AsyncIterable<Uint8Array>[] = [];
      for await (const { name, data } of readFormParts(piecesOf(body, size))) {
        names.push(name);
        left.push(data);
        for await (const _ of data) break;
      }
      expect(names).toEqual(["title", "photo", "empty"]);
      expect(await Promise.all(left.map(textOf))).toEqual(["", "", ""]);
    },
  );

  test("let go of what is not read when their reader stops", async () => {
    let stopped = false;
    async function* pieces(): AsyncGenerator<FormPiece> {
      try {
        yield* piecesOf(body, 20);
      } finally {
        stopped = true;
      }
    }
    for await (const _ of readFormParts(pieces())) break;
    expect(stopped).toBe(true);
  });

  const read = async (pieces: AsyncIterable<FormPiece>) => {
    for await (const { data } of readFormParts(pieces, { maxParts: 3 })) await textOf(data);
  };

  test.for<[title: string, pieces: AsyncIterable<FormPiece>, code: number, message: string]>([
    ["what is no form", piecesOf("x", 1, "image/png"), 415, '"image/png" is no form'],
    ["no boundary", piecesOf("x", 1, "multipart/form-data"), 400, "must name a boundary"],
    ["nothing", piecesOf("", 1), 400, "the form is empty"],
    [
      "a form without its end",
      piecesOf(body.slice(0, -1), 9),
      400,
      "ends before its last delimiter",
    ],
    ["half a part", piecesOf(body.slice(0, 70), 9), 400, "ends before its last delimiter"],
    ["more parts than allowed", piecesOf(body.slice(0, -4) + body, 9), 400, "more than 3 parts"],
  ])("of %s cannot be read", async ([, pieces, code, message]) => {
    await expect(read(pieces)).rejects.toMatchObject({
      code,
      reason: "CODEC",
      message: expect.stringContaining(message),
    });
  });

  test("come out of a stream of bodies, as a browser sends them", async () => {
    const server = createTestServer({ maxBodyBytes: 1000 });
    const seen: unknown[] = [];
    server.handle(
      {
        operation: "/test.v1.Test/Upload",
        kind: "clientStreaming",
        input: HttpBodySchema,
        output: HttpBodySchema,
        bindings: [parseRule("POST /v1 body=*")],
      },
      async (requests) => {
        for await (const { name, fileName, data } of readFormParts(requests)) {
          let size = 0;
          for await (const chunk of data) size += chunk.length;
          seen.push([name, fileName, size]);
        }
        return {};
      },
    );
    await server.start(appInfo);
    const form = new FormData();
    form.append("title", "ä");
    form.append("photo", new Blob([Buffer.alloc(3_000_000)]), "ü.png");
    const url = `http://127.0.0.1:${server.port}/v1`;
    const response = await fetch(url, { method: "POST", body: form });
    expect(response.status).toBe(200);
    expect(seen).toEqual([
      ["title", undefined, 2],
      ["photo", "ü.png", 3_000_000],
    ]);
    const refused = await fetch(url, { method: "POST", body: "x" });
    expect(refused.status).toBe(415);
  });
});
