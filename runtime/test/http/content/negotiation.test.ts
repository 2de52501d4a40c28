import { describe, expect, test } from "vitest";
import { ReplyCompressor } from "../../../src/transport/http/reply/compression.ts";
import type { ContentCodec } from "../../../src/transport/http/content/content-codec.ts";
import { ContentFormats } from "../../../src/transport/http/content/content-formats.ts";
import { HeaderMap } from "../../../src/transport/http/header-map.ts";

const xml: ContentCodec = {
  over: "json",
  contentTypes: ["application/xml", "text/xml"],
  encode: () => "<x/>",
  decode: () => ({}),
};

describe("a reply's format", () => {
  const formats = new ContentFormats([xml]);

  test.for<[accept: string | undefined, contentType: string]>([
    [undefined, "application/json"],
    ["", "application/json"],
    ["*/*", "application/json"],
    ["application/*", "application/json"],
    ["text/*", "text/xml"],
    ["text/json", "application/json"],
    ["application/vnd.test+json", "application/json"],
    ["APPLICATION/XML", "application/xml"],
    ["application/xml, application/json", "application/xml"],
    ["application/json, application/xml", "application/json"],
    ["application/json;q=0.9, application/xml", "application/xml"],
    ["application/xml;q=0.1, */*;q=0.2", "application/json"],
    ["*/*, application/xml;q=0.5", "application/json"],
    ["application/json;q=0, */*", "application/protojson"],
    ["application/json;q=0", "application/json"],
    ["text/html, application/xhtml+xml, application/xml;q=0.9, */*;q=0.8", "application/xml"],
    ["application/json, text/plain, */*", "application/json"],
    ['text/html;x="a, application/xml", application/proto', "application/proto"],
    ["application/xml; charset=utf-8; q=1", "application/xml"],
    ["application/xml;q=nonsense", "application/json"],
    ["application/xml;q=7, application/json", "application/xml"],
    [",,;,", "application/json"],
    ['"', "application/json"],
  ])("for %s is %s", ([accept, contentType]) => {
    expect(formats.chooseReply(accept).contentType).toBe(contentType);
    expect(formats.chooseReply(accept).contentType).toBe(contentType); // once remembered
  });

  test.for(["text/html", "application/json;q=0", "image/*", "application/xml;q=0, text/html"])(
    "is not to be had for %s",
    (accept) => {
      expect(() => formats.requireAcceptable(accept)).toThrow(
        expect.objectContaining({
          code: 406,
          reason: "CODEC",
          message: expect.stringContaining(
            'use one of "application/json", "application/protojson"',
          ),
        }),
      );
    },
  );

  test.for([undefined, "", "text/html, */*;q=0.1", "application/problem+json"])(
    "is to be had for %s",
    (accept) => {
      expect(() => formats.requireAcceptable(accept)).not.toThrow();
    },
  );

  test("is that of a codec under the name of a built-in one", () => {
    const own: ContentCodec = { ...xml, contentTypes: ["application/json"] };
    const replaced = new ContentFormats([own]);
    expect(replaced.chooseReply(undefined).format).toBe(own);
    expect(replaced.findBodyFormat(undefined)).toBe(own);
    expect(replaced.chooseReply("application/protojson").format).toBe("json");
  });
});

describe("a body's format", () => {
  const formats = new ContentFormats([xml]);

  test.for<[contentType: string | undefined, format: unknown]>([
    [undefined, "json"],
    ["application/json;charset=UTF-8", "json"],
    ['application/json; charset="utf-8"', "json"],
    ["application/json; charset=us-ascii", "json"],
    ["application/json; charset=utf-16", undefined],
    ["text/xml; charset=iso-8859-1", undefined],
    ["text/xml", xml],
    ["Application/XML", xml],
    ["application/soap+xml", undefined],
    ["application/proto; charset=x", "binary"],
    ["multipart/form-data; boundary=x", "multipart"],
    ["multipart/mixed; boundary=x", undefined],
    ["application/x-www-form-urlencoded; charset=utf-8", "form"],
    ["application/x-www-form-urlencoded; charset=latin1", undefined],
  ])("of %s is %o", ([contentType, format]) => {
    expect(formats.findBodyFormat(contentType)).toBe(format);
  });

  test("that is not known is answered with those that are", () => {
    expect(formats.unsupported("text/csv")).toMatchObject({
      code: 415,
      message: expect.stringMatching(
        /^content type "text\/csv" is not supported, use "application\/json", .*"application\/xml", "text\/xml", .*"multipart\/form-data"$/,
      ),
    });
    expect(formats.unsupported("text/xml; charset=latin1").message).toBe(
      'charset "latin1" is not supported, use "utf-8"',
    );
  });
});

describe("codecs", () => {
  test.for<[types: readonly [string, ...string[]], message: string]>([
    [["xml"], '"xml" of a codec must be a media type'],
    [["Application/xml"], "must be a media type in lower case"],
    [["application/xml; charset=utf-8"], "must be a media type"],
    [["application/xml", "application/xml"], '"application/xml" has two codecs'],
  ])("cannot go by %j", ([contentTypes, message]) => {
    expect(() => new ContentFormats([{ ...xml, contentTypes }])).toThrow(message);
  });
});

describe("a reply's encoding", () => {
  const compressor = new ReplyCompressor({});

  test.for<[accepted: string | undefined, encoding: string | undefined]>([
    [undefined, undefined],
    ["", undefined],
    ["gzip", "gzip"],
    ["x-gzip", "gzip"],
    ["gzip, deflate, br, zstd", "br"],
    ["gzip;q=1, br;q=0.5", "gzip"],
    ["*", "br"],
    ["*;q=0", undefined],
    ["br;q=0, *;q=0.5", "gzip"],
    ["identity, gzip;q=0.5", undefined],
    ["identity;q=0.5, gzip", "gzip"],
    ["deflate", undefined],
  ])("for %s is %s", ([accepted, encoding]) => {
    const header = new HeaderMap();
    expect(compressor.negotiate("application/json", header, accepted)).toBe(encoding);
    expect(header.get("vary")).toBe("Accept-Encoding");
  });

  test.for<[contentType: string, encoding: string | undefined]>([
    ["application/json; charset=utf-8", "br"],
    ["text/csv", "br"],
    ["image/svg+xml", "br"],
    ["application/x-protobuf", "br"],
    ["image/png", undefined],
    ["application/octet-stream", undefined],
    ["application/zip", undefined],
  ])("of %s is %s", ([contentType, encoding]) => {
    const header = new HeaderMap();
    expect(compressor.negotiate(contentType, header, "gzip, br")).toBe(encoding);
    expect(header.get("vary")).toBe(encoding && "Accept-Encoding");
  });

  test.for<[name: string, value: string]>([
    ["Content-Encoding", "gzip"],
    ["Cache-Control", "public, no-transform"],
    ["Content-Type", "image/png"],
  ])("is left alone when the handler says %s: %s", ([name, value]) => {
    const header = new HeaderMap();
    header.set(name, value);
    expect(compressor.negotiate("application/json", header, "br")).toBe(undefined);
    expect(header.get("vary")).toBe(undefined);
  });

  test.for(["*", "Origin, accept-encoding"])("leaves Vary: %s as it is", (vary) => {
    const header = new HeaderMap();
    header.set("Vary", vary);
    expect(compressor.negotiate("application/json", header, "br")).toBe("br");
    expect(header.values("vary")).toEqual([vary]);
  });

  test.for<[options: object, message: string]>([
    [{ level: 0 }, 'compression level "0" must be a whole number from 1 to 9'],
    [{ level: 1.5 }, "must be a whole number"],
    [{ encodings: ["zstd"] }, 'compression "zstd" is not supported, use "br" or "gzip"'],
  ])("cannot be made of %j", ([options, message]) => {
    expect(() => new ReplyCompressor(options)).toThrow(message);
  });
});
