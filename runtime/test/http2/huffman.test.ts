import { expect, test } from "vitest";
import { Huffman } from "../../src/transport/http2/stack/huffman.ts";
import { createRandom } from "./random.ts";

const huffman = new Huffman();

function encode(text: string): Buffer {
  const out = Buffer.alloc(huffman.encodedLength(text));
  expect(huffman.encode(text, out, 0)).toBe(out.length);
  return out;
}

function decode(bytes: Uint8Array): string | undefined {
  const out = Buffer.alloc(bytes.length * 2);
  const count = huffman.decode(bytes, 0, bytes.length, out);
  return count < 0 ? undefined : out.toString("latin1", 0, count);
}

test.for([
  ["www.example.com", "f1e3c2e5f23a6ba0ab90f4ff"],
  ["no-cache", "a8eb10649cbf"],
  ["", ""],
  ["\0", "ffc7"],
] as const)("codes %j as %s", ([text, hex]) => {
  expect(encode(text).toString("hex")).toBe(hex);
  expect(decode(Buffer.from(hex, "hex"))).toBe(text);
});

test("gives back each byte, alone and among others", () => {
  for (let byte = 0; byte < 256; byte++) {
    const char = String.fromCharCode(byte);
    for (const text of [char, `a${char}`, `${char}${char}`, `e${char}~`]) {
      expect(decode(encode(text))).toBe(text);
    }
  }
});

test("gives back random strings", () => {
  const random = createRandom(1);
  for (let i = 0; i < 2000; i++) {
    const text = String.fromCharCode(
      ...Array.from({ length: random.below(40) }, () => random.below(256)),
    );
    expect(decode(encode(text))).toBe(text);
  }
});

test.for(["ff", "1fff", "18", "00", "ffffffff", "fffffffc", "ff8f", "fe"])("refuses %s", (hex) => {
  expect(decode(Buffer.from(hex, "hex"))).toBeUndefined();
});

test("decodes any bytes to what is coded the same, or refuses them", () => {
  const random = createRandom(2);
  let decoded = 0;
  for (let i = 0; i < 3000; i++) {
    const bytes = Buffer.from(Array.from({ length: 1 + random.below(6) }, () => random.below(256)));
    const text = decode(bytes);
    if (text === undefined) continue;
    decoded++;
    if (!encode(text).equals(bytes)) throw new Error(`${bytes.toString("hex")} is not unique`);
  }
  expect(decoded).toBeGreaterThan(100);
});
