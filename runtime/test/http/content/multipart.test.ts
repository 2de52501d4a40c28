import fc from "fast-check";
import { isKratosError } from "@kratos-ts/runtime";
import { describe, expect, test } from "vitest";
import {
  MultipartParser,
  type MultipartLimits,
  type PartHeader,
} from "../../../src/transport/http/content/multipart.ts";

interface Part extends PartHeader {
  readonly data: string;
}

/** Reads a form that comes in these pieces; data as Latin-1, a character for each byte. */
function read(
  pieces: readonly Uint8Array[],
  contentType = "multipart/form-data; boundary=b",
  limits?: MultipartLimits,
): readonly Part[] {
  const parts: Part[] = [];
  let header: PartHeader | undefined;
  let data: Buffer[] = [];
  const parser = new MultipartParser(
    contentType,
    {
      onPart(part) {
        header = part;
        data = [];
      },
      onData: (bytes) => data.push(Buffer.from(bytes)),
      onPartEnd: () => parts.push({ ...header!, data: Buffer.concat(data).toString("latin1") }),
    },
    limits,
  );
  for (const piece of pieces) parser.write(piece);
  parser.end();
  return parts;
}

const readText = (text: string, contentType?: string, limits?: MultipartLimits) =>
  read([Buffer.from(text)], contentType, limits);

/** One part with this header, as far as `Content-Disposition` goes by default. */
const form = (header: string, data = "x") => `--b\r\n${header}\r\n\r\n${data}\r\n--b--\r\n`;
const named = (parameters: string, data?: string) =>
  form(`Content-Disposition: form-data; ${parameters}`, data);

describe("a form in parts", () => {
  test.for<[title: string, body: string, parts: readonly Partial<Part>[]]>([
    [
      "has a text",
      named("name=a"),
      [{ name: "a", fileName: undefined, contentType: "", data: "x" }],
    ],
    ["has no parts", "--b--\r\n", []],
    ["ends without a line's end", "--b--", []],
    ["begins with words for people", `Hello\r\n${named("name=a")}`, [{ name: "a", data: "x" }]],
    ["ends with words for people", `${named("name=a")}Bye\r\n--b\r\n`, [{ name: "a", data: "x" }]],
    ["has an empty part", named("name=a", ""), [{ name: "a", data: "" }]],
    ["has spaces behind a delimiter", named("name=a").replace("--b", "--b \t"), [{ name: "a" }]],
    [
      "has lines and hyphens in its data",
      named("name=a", "\r\n--\r\n-b\r\n"),
      [{ data: "\r\n--\r\n-b\r\n" }],
    ],
    ["has a quoted name", named('name="a b;c"'), [{ name: "a b;c" }]],
    ["has quotes as browsers encode them", named('name="a%22%0D%0Ab"'), [{ name: 'a"\r\nb' }]],
    [
      "has quotes as curl escapes them",
      named(String.raw`name="a\"b\c"`),
      [{ name: String.raw`a"b\c` }],
    ],
    [
      "has a path of old browsers",
      named(String.raw`name=a; filename="C:\dir\f"`),
      [{ fileName: String.raw`C:\dir\f` }],
    ],
    ["has a name beyond ASCII", named('name="ä€"'), [{ name: "ä€" }]],
    [
      "has headers in any case and order",
      form(
        "X-A: 1\r\nCONTENT-TYPE:image/png\r\ncontent-disposition:FORM-DATA;NAME=a; filename=f.png",
      ),
      [{ name: "a", fileName: "f.png", contentType: "image/png" }],
    ],
    [
      "says that its bytes are bytes",
      form("Content-Disposition: form-data; name=a\r\nContent-Transfer-Encoding: binary"),
      [{ name: "a" }],
    ],
  ])("%s", ([, body, parts]) => {
    expect(readText(body)).toMatchObject(parts);
    expect(readText(body)).toHaveLength(parts.length);
  });

  test("has a boundary in quotes", () => {
    const body = named("name=a").replaceAll("--b", "--a b:c");
    expect(readText(body, 'Multipart/Form-Data; charset=utf-8; Boundary="a b:c"')).toHaveLength(1);
  });

  test.for<[title: string, body: string, message: RegExp]>([
    [
      "ends before its last delimiter",
      named("name=a").slice(0, -6),
      /ends before its last delimiter/,
    ],
    ["is empty", "", /ends before its last delimiter/],
    ["has lines that end in LF alone", named("name=a").replaceAll("\r", ""), /not the whole line/],
    [
      "has a longer word where a delimiter should be",
      named("name=a", "1\r\n--bb"),
      /not the whole line/,
    ],
    [
      "has something behind a delimiter",
      named("name=a").replace("--b", "--b x"),
      /not the whole line/,
    ],
    [
      "has a part without a header",
      "--b\r\n\r\nx\r\n--b--",
      /part 1 .*(no header|content-disposition)|ends before/i,
    ],
    [
      "has a part without a name",
      form("Content-Type: text/plain"),
      /part 1 .* "Content-Disposition: form-data; name=…"/,
    ],
    ["has a part that is no form's", form("Content-Disposition: attachment; name=a"), /form-data/],
    [
      "has two headers of a name",
      form("A: 1\r\nContent-Disposition: form-data; name=a\r\na: 2"),
      /two headers "a"/,
    ],
    [
      "has a folded header",
      form("Content-Disposition: form-data;\r\n name=a"),
      /" name=a" is no header/,
    ],
    ["has a header without a colon", form("nonsense"), /"nonsense" is no header/],
    [
      "has a part in base64",
      form("Content-Disposition: form-data; name=a\r\nContent-Transfer-Encoding: base64"),
      /"base64" is not supported/,
    ],
  ])("is refused when it %s", ([, body, message]) => {
    expect(() => readText(body)).toThrow(
      expect.objectContaining({
        code: 400,
        reason: "CODEC",
        message: expect.stringMatching(message),
      }),
    );
  });

  test("is refused when a header is not UTF-8", () => {
    expect(() => read([Buffer.from(named('name="ä"'), "latin1")])).toThrow("is not UTF-8");
  });

  test.for([
    "multipart/form-data",
    "multipart/form-data; boundary=",
    'multipart/form-data; boundary="a "',
    `multipart/form-data; boundary=${"x".repeat(71)}`,
    "multipart/form-data; boundary=ä",
  ])("is refused with the type %s", (contentType) => {
    expect(() => readText("--b--", contentType)).toThrow("must name a boundary");
  });

  test("is refused with more parts than allowed", () => {
    const part = "--b\r\nContent-Disposition: form-data; name=a\r\n\r\n\r\n";
    expect(readText(`${part.repeat(3)}--b--`, undefined, { maxParts: 3 })).toHaveLength(3);
    expect(() => readText(`${part.repeat(4)}--b--`, undefined, { maxParts: 3 })).toThrow(
      "more than 3 parts",
    );
  });

  test("is refused with a larger header than allowed, before it has ended", () => {
    const parser = () => read([Buffer.from(`--b\r\nX: ${"x".repeat(9000)}`)]);
    expect(parser).toThrow("part 1 of the multipart body: its header is larger than 8192 bytes");
    expect(() => read([Buffer.from(`--b${" ".repeat(9000)}`)])).toThrow("not the whole line");
  });
});

const forms = fc.array(
  fc.record({
    name: fc.string({ unit: "binary-ascii", minLength: 1 }).map((name) => name.replaceAll("%", "")),
    data: fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      // what looks like delimiters
      fc
        .array(fc.constantFrom("\r", "\n", "-", "-b", "\r\n--", "\r\n--b", "x"))
        .map((texts) => Buffer.from(texts.join(""))),
    ),
    isFile: fc.boolean(),
  }),
  { maxLength: 5 },
);

describe("any form", () => {
  test("that fetch encodes is read as it was meant", async () => {
    await fc.assert(
      fc.asyncProperty(forms, async (fields) => {
        const data = new FormData();
        for (const field of fields) {
          if (field.isFile) data.append(field.name, new Blob([field.data.slice()]), "f.bin");
          else data.append(field.name, Buffer.from(field.data).toString("latin1"));
        }
        const sent = new Response(data);
        const contentType = sent.headers.get("content-type")!;
        const parts = read([new Uint8Array(await sent.arrayBuffer())], contentType);
        expect(parts.map(({ name, fileName }) => [name, fileName])).toEqual(
          Array.from(data, ([name, value]) => [
            // What fetch does to the ends of lines in names.
            name.replaceAll(/\r\n|\r|\n/g, "\r\n"),
            typeof value === "string" ? undefined : "f.bin",
          ]),
        );
        const contents = parts.map(({ data: text }, index) =>
          fields[index]!.isFile ? text : Buffer.from(text, "latin1").toString(),
        );
        expect(contents).toEqual(
          fields.map(({ data: bytes, isFile }) => {
            const text = Buffer.from(bytes).toString("latin1");
            return isFile ? text : text.replaceAll(/\r\n|\r|\n/g, "\r\n");
          }),
        );
      }),
      { numRuns: 100, seed: 1 },
    );
  });

  test("is read alike in whatever pieces it comes", () => {
    const body = Buffer.from(
      `preamble\r\n${named("name=a", "1\r\n--\r\n--c\r\n-").slice(0, -4)}\r\nContent-Disposition: form-data; name="ä"; filename=f\r\nContent-Type: image/png\r\n\r\n\r\n--b--\r\nend`,
    );
    const whole = read([body]);
    expect(whole).toHaveLength(2);
    fc.assert(
      fc.property(fc.array(fc.nat(body.length)), (cuts) => {
        const ends = [...new Set(cuts), body.length].toSorted((a, b) => a - b);
        const pieces = ends.map((end, index) => body.subarray(ends[index - 1] ?? 0, end));
        expect(read(pieces)).toEqual(whole);
      }),
      { numRuns: 300, seed: 1 },
    );
    expect(read(Array.from(body, (byte) => Uint8Array.of(byte)))).toEqual(whole);
  });

  test("that is broken is refused as the client's fault, or read", () => {
    const body = Buffer.from(named("name=a; filename=f", "1\r\n--b\r\nx"));
    fc.assert(
      fc.property(
        fc.array(fc.record({ at: fc.nat(body.length - 1), byte: fc.nat(255) }), {
          minLength: 1,
          maxLength: 4,
        }),
        (changes) => {
          const broken = Buffer.from(body);
          for (const { at, byte } of changes) broken[at] = byte;
          let thrown: unknown;
          try {
            read([broken]);
          } catch (error) {
            thrown = error;
          }
          expect(thrown === undefined || (isKratosError(thrown) && thrown.code === 400)).toBe(true);
        },
      ),
      { numRuns: 1000, seed: 1 },
    );
  });
});
