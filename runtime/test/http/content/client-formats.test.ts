import {
  create,
  type DescMessage,
  fromBinary,
  type MessageInitShape,
  toBinary,
  toJson,
} from "@bufbuild/protobuf";
import { isKratosError } from "@kratos-ts/runtime";
import { type ContentCodec, HttpClient, isHttpServerContext } from "@kratos-ts/runtime/http";
import { describe, expect, test } from "vitest";
import { buildSchema } from "../schema.ts";
import { parseRule, serveRules } from "../serve.ts";
import { msgpack } from "./msgpack.ts";
import { xml } from "./xml.ts";

const R = buildSchema()("test.v1.R");

const base64: ContentCodec = {
  over: "message",
  contentTypes: ["text/x-base64"],
  encode: (message, desc) => Buffer.from(toBinary(desc, message)).toString("base64"),
  decode: (bytes, desc) => fromBinary(desc, Buffer.from(Buffer.from(bytes).toString(), "base64")),
};

const codecs = [msgpack, xml, base64];

interface Exchange {
  readonly reply: unknown;
  readonly sent: string | undefined;
  readonly asked: string | undefined;
  readonly got: string | undefined;
}

/** Calls a server that answers with what it was sent. */
async function call(
  format: "json" | "protojson" | "proto" | ContentCodec,
  rule: string,
  request: MessageInitShape<DescMessage>,
  serverCodecs: readonly ContentCodec[] = codecs,
): Promise<Exchange> {
  const headers: (string | undefined)[] = [];
  const port = await serveRules(
    [rule],
    R,
    R,
    (message, context) => {
      if (!isHttpServerContext(context)) throw new TypeError("not by HTTP");
      headers.push(context.request.headers["content-type"], context.request.headers.accept);
      return message;
    },
    { codecs: serverCodecs },
  );
  let got: string | undefined;
  const client = new HttpClient({ endpoint: `127.0.0.1:${port}`, format });
  const bindings = [parseRule(rule)] as const;
  const method = client.method<DescMessage, DescMessage>({
    operation: "/test.v1.Test/Echo",
    input: R,
    output: R,
    bindings,
  });
  const reply = await method(request, {
    onHeader: (header) => {
      got = header.get("content-type")?.[0];
    },
  });
  client.close();
  return { reply: toJson(R, reply), sent: headers[0], asked: headers[1], got };
}

const message = { id: "7", name: "ä<&", n: 5, tags: ["a", "b"], sub: { num: 3 }, b: true };
const expected = { id: "7", name: "ä<&", n: 5, tags: ["a", "b"], sub: { num: 3 }, b: true };

describe("a client", () => {
  test.for<[name: string, format: Parameters<typeof call>[0], type: string]>([
    ["json", "json", "application/json"],
    ["protojson", "protojson", "application/protojson"],
    ["proto", "proto", "application/proto"],
    ["MessagePack", msgpack, "application/msgpack"],
    ["XML", xml, "application/xml"],
    ["messages of its own", base64, "text/x-base64"],
  ])("of format %s sends and gets it", async ([, format, type]) => {
    const whole = await call(format, "POST /v1 body=*", message);
    expect(whole).toEqual({ reply: expected, sent: type, asked: type, got: type });
    const field = await call(format, "POST /v1/{id} body=sub response=sub", message);
    expect(field).toEqual({ reply: { sub: { num: 3 } }, sent: type, asked: type, got: type });
    const query = await call(format, "GET /v1/{id}", { id: "7", n: 5 });
    expect(query).toEqual({ reply: { id: "7", n: 5 }, sent: undefined, asked: type, got: type });
  });

  test.for<[name: string, format: Parameters<typeof call>[0], type: string]>([
    ["proto", "proto", "application/json"],
    ["MessagePack", msgpack, "application/msgpack"],
    ["messages of its own", base64, "application/json"],
  ])("of format %s sends fields that are no messages as %s", async ([, format, type]) => {
    const tags = await call(format, "POST /v1 body=tags response=tags", { tags: ["a"] });
    expect(tags).toMatchObject({ reply: { tags: ["a"] }, sent: type, got: type });
  });

  test.for<[name: string, format: Parameters<typeof call>[0]]>([
    ["proto", "proto"],
    ["MessagePack", msgpack],
    ["messages of its own", base64],
  ])("of format %s can leave a field unset", async ([, format]) => {
    const { reply } = await call(format, "POST /v1/{id} body=sub", { id: "7" });
    expect(reply).toEqual({ id: "7" });
  });

  test("reads what it gets, whatever it asked for", async () => {
    const { reply, got } = await call(msgpack, "GET /v1/{id}", { id: "7" }, []);
    expect({ reply, got }).toEqual({ reply: { id: "7" }, got: "application/json" });
  });

  test("fails with what a service of other formats answers", async () => {
    const error: unknown = await call(msgpack, "POST /v1 body=*", {}, []).catch(
      (thrown: unknown) => thrown,
    );
    expect(isKratosError(error)).toBe(true);
    expect(error).toMatchObject({ code: 415, reason: "CODEC" });
  });

  test("fails with a reply that is not what it says it is", async () => {
    const broken: ContentCodec = {
      over: "json",
      contentTypes: msgpack.contentTypes,
      encode: () => "\xff",
      decode: () => ({}),
    };
    const error: unknown = await call(msgpack, "GET /v1/{id}", { id: "7" }, [broken]).catch(
      (thrown: unknown) => thrown,
    );
    expect(error).toMatchObject({
      code: 500,
      reason: "CODEC",
      message: expect.stringContaining(
        'the reply cannot be read: it is not "application/msgpack": ',
      ),
    });
  });

  test("sends messages that it was given as such", async () => {
    const { reply } = await call(
      base64,
      "POST /v1 body=*",
      create(R, { n: 5 } as MessageInitShape<DescMessage>) as MessageInitShape<DescMessage>,
    );
    expect(reply).toEqual({ n: 5 });
  });
});
