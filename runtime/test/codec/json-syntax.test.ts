import { compileCodec, CodecError, isCodecError } from "@kratos-ts/runtime/codec";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compileProtos } from "./protos.ts";

const codec = compileCodec(compileProtos().message("transcoding.v1.R"));

describe("malformed JSON", () => {
  test.for<[string, string]>([
    ["", "invalid JSON at line 1, column 1: expected a value, got the end of the text"],
    ['{"n":}', 'invalid JSON at line 1, column 6: expected a value, got "}"'],
    [
      '{\n  "n": 1,\n}',
      'invalid JSON at line 3, column 1: expected a key in double quotes, got "}"',
    ],
    ["{'n':1}", 'invalid JSON at line 1, column 2: expected a key or "}", got "\'"'],
    ['{"n" 1}', 'invalid JSON at line 1, column 6: expected ":", got "1"'],
    ['{"n":1 "m":2}', 'invalid JSON at line 1, column 8: expected "," or "}", got "\\""'],
    ["[1 2]", 'invalid JSON at line 1, column 4: expected "," or "]", got "2"'],
    ["[1,]", 'invalid JSON at line 1, column 4: expected a value, got "]"'],
    ["{} x", 'invalid JSON at line 1, column 4: expected the end of the text, got "x"'],
    [
      '{"a":"b',
      'invalid JSON at line 1, column 8: expected a closing "\\"", got the end of the text',
    ],
    [
      '{"a":"\\x"}',
      'invalid JSON at line 1, column 7: expected a valid escape sequence, got "\\\\"',
    ],
    ['{"a":"\n"}', 'invalid JSON at line 1, column 7: expected no control character, got "\\n"'],
    ['{"a":01}', 'invalid JSON at line 1, column 7: expected "," or "}", got "1"'],
    ['{"a":-}', 'invalid JSON at line 1, column 7: expected a digit, got "}"'],
    ['{"a":tru}', 'invalid JSON at line 1, column 6: expected a value, got "t"'],
    ["\ufeff{}", 'invalid JSON at line 1, column 1: expected a value, got "\ufeff"'],
    ['{"a":😀}', 'invalid JSON at line 1, column 6: expected a value, got "😀"'],
  ])("%j is refused with its place", ([text, expected]) => {
    expect(() => codec.fromJsonString(text)).toThrow(new CodecError(expected));
  });

  test("is found by the same rules as JSON.parse", () => {
    const chars = [...'{}[],:"\\0-.eE tfn\n'] as [string];
    const almost = fc
      .tuple(fc.json(), fc.nat(), fc.constantFrom(...chars))
      .map(([text, at, char]) => {
        const place = at % (text.length + 1);
        return text.slice(0, place) + char + text.slice(place + (at % 2));
      });
    const isRight = (text: string) =>
      isJson(text) || /^invalid JSON at line \d+, column \d+: /.test(messageOf(text));
    expect(() => fc.assert(fc.property(almost, isRight), { numRuns: 1000 })).not.toThrow();
  });

  function messageOf(text: string): string {
    try {
      codec.fromJsonString(text);
      return "";
    } catch (error) {
      return isCodecError(error) ? error.message : "";
    }
  }
});

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
