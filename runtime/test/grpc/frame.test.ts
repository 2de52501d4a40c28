import fc from "fast-check";
import { expect, test } from "vitest";
import { fillPrefix, FrameReader } from "../../src/transport/grpc/protocol/frame.ts";
import { frame } from "./raw-call.ts";

interface Seen {
  readonly text: string;
  readonly compressed: boolean;
}

function readAll(chunks: readonly Uint8Array[], maxBytes = 1000): Seen[] {
  const seen: Seen[] = [];
  const reader = new FrameReader(maxBytes);
  for (const chunk of chunks) {
    // The reader may not rely on bytes that it saw in an earlier call.
    const reused = Buffer.concat([Buffer.from("xx"), chunk, Buffer.from("yy")]);
    reader.push(reused, 2, reused.length - 2, {
      onMessage(bytes, start, end, compressed) {
        seen.push({ text: Buffer.from(bytes.subarray(start, end)).toString("hex"), compressed });
      },
    });
    reused.fill(0xff);
  }
  reader.end();
  return seen;
}

test("finds the same messages however the bytes are cut", () => {
  const message = fc.record({ body: fc.uint8Array({ maxLength: 40 }), compressed: fc.boolean() });
  fc.assert(
    fc.property(fc.array(message), fc.array(fc.nat(200)), (messages, cuts) => {
      const bytes = Buffer.concat(
        messages.map(({ body, compressed }) => frame(body, compressed ? 1 : 0)),
      );
      const points = [0, ...cuts.filter((cut) => cut < bytes.length).sort((a, b) => a - b)];
      const chunks = points.map((from, i) => bytes.subarray(from, points[i + 1]));
      const want = messages.map(({ body, compressed }) => ({
        text: Buffer.from(body).toString("hex"),
        compressed,
      }));
      expect(readAll(chunks)).toEqual(want);
    }),
  );
});

test("hands a message on where it lies when it is in one chunk", () => {
  const chunk = Buffer.concat([frame(Buffer.from("ab")), frame(Buffer.from("cde"))]);
  const ranges: [boolean, number, number][] = [];
  new FrameReader(10).push(chunk, 0, chunk.length, {
    onMessage: (bytes, start, end) => ranges.push([bytes === chunk, start, end]),
  });
  expect(ranges).toEqual([
    [true, 5, 7],
    [true, 12, 15],
  ]);
});

test("takes a message of exactly the limit, and refuses one byte more before it arrives", () => {
  expect(readAll([frame(new Uint8Array(10))], 10)).toHaveLength(1);
  expect(() => readAll([Buffer.from([0, 0, 0, 0, 11])], 10)).toThrow(
    "a message of 11 bytes is larger than the limit of 10 bytes",
  );
});

test.for<[size: number, isKept: boolean]>([
  [100_000, true],
  [200_000, false],
])("after a message of %i bytes in parts, its memory serves the next: %s", ([size, isKept]) => {
  const seen: Uint8Array[] = [];
  const reader = new FrameReader(size);
  const bytes = frame(new Uint8Array(size));
  for (const part of [0, 1].flatMap(() => [bytes.subarray(0, 10), bytes.subarray(10)])) {
    reader.push(part, 0, part.length, { onMessage: (message) => seen.push(message) });
  }
  expect(seen).toHaveLength(2);
  expect(seen[0] === seen[1]).toBe(isKept);
});

test("takes no memory for bytes that are only announced", () => {
  const reader = new FrameReader(2 ** 31);
  const before = process.memoryUsage().arrayBuffers;
  const chunk = Buffer.concat([Buffer.from([0, 0x7f, 0xff, 0xff, 0xff]), Buffer.alloc(100)]);
  reader.push(chunk, 0, chunk.length, { onMessage: () => undefined });
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1_000_000);
});

test.for([1, 4, 5, 6])("refuses an end after %i bytes of a message of two", (length) => {
  const chunk = frame(Buffer.from("ab")).subarray(0, length);
  expect(() => readAll([chunk])).toThrow("the stream ended inside a message");
});

test("writes the length into the room before a message", () => {
  const bytes = new Uint8Array(5 + 0x01_02_03).fill(9);
  expect([...fillPrefix(bytes).subarray(0, 6)]).toEqual([0, 0, 1, 2, 3, 9]);
});
