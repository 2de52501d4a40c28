import { describe, expect, test } from "vitest";
import { writeErrorEvent, writeEvent } from "../../../src/transport/http/stream/sse.ts";
import { SseParser } from "../../../src/transport/http/stream/sse-parser.ts";
import { KratosError } from "@kratos-ts/runtime";

const tooLarge = () => new Error("too large");

/** What is read of a text that comes in pieces of a size; the rest behind the last event is left out. */
function parse(text: string, size = Number.POSITIVE_INFINITY): [name: string, data: string][] {
  const parser = new SseParser(1000, tooLarge);
  const bytes = Buffer.from(text);
  const events: [string, string][] = [];
  for (let start = 0; start < bytes.length; start += Math.min(size, bytes.length)) {
    for (const { name, data } of parser.push(bytes.subarray(start, start + size))) {
      events.push([name, Buffer.from(data).toString()]);
    }
  }
  return events;
}

const cases: [what: string, text: string, events: [string, string][]][] = [
  ["an event", "event: message\ndata: a\n\n", [["message", "a"]]],
  ["an event without a name", "data: a\n\n", [["", "a"]]],
  ["several lines of data", "data: a\ndata:\ndata: b\n\n", [["", "a\n\nb"]]],
  [
    "one space less, and no more",
    "data:a\n\ndata:  b \n\n",
    [
      ["", "a"],
      ["", " b "],
    ],
  ],
  [
    "lines that end with both",
    "event: x\r\ndata: a\r\n\r\ndata: b\r\n\r\n",
    [
      ["x", "a"],
      ["", "b"],
    ],
  ],
  [
    "lines that end with returns",
    "event: x\rdata: a\r\rdata: b\r\r",
    [
      ["x", "a"],
      ["", "b"],
    ],
  ],
  ["comments", ":\n\n: x\ndata: a\n:\n\n", [["", "a"]]],
  ["other fields", "id: 1\nretry: 5\nfoo\ndata: a\n\n", [["", "a"]]],
  ["a field without a colon", "data\n\n", [["", ""]]],
  ["an event without data", "event: x\n\ndata: a\n\n", [["", "a"]]],
  ["a last event without an end", "data: a\n\ndata: b\n", [["", "a"]]],
  ["a mark of byte order", "\ufeffdata: a\n\n", [["", "a"]]],
  ["Unicode", "data: ünïcødé 👍\n\n", [["", "ünïcødé 👍"]]],
];

test.for(cases)("reads %s", ([, text, events]) => {
  expect(parse(text)).toEqual(events);
});

test.for(cases)("reads %s in any pieces", ([, text, events]) => {
  for (const size of [1, 2, 3, 5]) expect(parse(text, size)).toEqual(events);
});

describe("what is too large", () => {
  const data = (size: number) => `data: ${"x".repeat(size)}\n\n`;

  test("is refused, and what is as large as it may be is not", () => {
    expect(parse(data(1000))).toHaveLength(1);
    expect(() => parse(data(1001))).toThrow("too large");
  });

  test("is refused before it ends", () => {
    expect(() => parse("x".repeat(2000))).toThrow("too large");
    expect(() => parse("data: xxxxxxxxx\n".repeat(200), 7)).toThrow("too large");
  });
});

describe("what is written", () => {
  test.for(["{}", "", "a\nb", "a\n\nb\n"])("is read: %j", (text) => {
    expect(parse(writeEvent(text))).toEqual([["message", text]]);
    expect(parse(writeEvent(Buffer.from(text)))).toEqual([["message", text]]);
  });

  test("is read as lines where it holds returns, which events cannot", () => {
    expect(parse(writeEvent("a\r\nb\rc"))).toEqual([["message", "a\nb\nc"]]);
  });

  test("of an error is one line", () => {
    const error = new KratosError(409, "FULL", "a\nb");
    expect(parse(writeErrorEvent(error))).toEqual([
      ["error", '{"code":409,"reason":"FULL","message":"a\\nb","metadata":{}}'],
    ]);
  });
});
