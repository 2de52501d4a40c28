import { describe, expect, test } from "vitest";
import { HeaderSet } from "../../src/transport/http2/engine.ts";
import { ConnectionError } from "../../src/transport/http2/stack/error-code.ts";
import { HpackDecoder } from "../../src/transport/http2/stack/hpack-decoder.ts";
import { HpackEncoder } from "../../src/transport/http2/stack/hpack-encoder.ts";
import { HpackTables } from "../../src/transport/http2/stack/hpack-tables.ts";

const tables = new HpackTables();
// What is encoded lies in room of the tables until the next call of either side.
const decoderTables = new HpackTables();
const pseudo = [":method", ":scheme", ":path", ":authority"];

function createDecoder(): HpackDecoder {
  return new HpackDecoder(decoderTables, 65_536);
}

function hex(text: string): Buffer {
  return Buffer.from(text.replaceAll(" ", ""), "hex");
}

/** All fields of a block, pseudo-headers of requests first. */
function decode(decoder: HpackDecoder, bytes: Uint8Array): string[] {
  const view = decoder.decode(bytes, 0, bytes.length);
  const lines = pseudo.flatMap((name) => {
    const value = view.get(name);
    return value === undefined ? [] : [`${name}: ${value}`];
  });
  view.forEach((name, value) => lines.push(`${name}: ${value}`));
  return lines;
}

const first = [":method: GET", ":scheme: http", ":path: /", ":authority: www.example.com"];
const second = [...first, "cache-control: no-cache"];
const third = [
  ":method: GET",
  ":scheme: https",
  ":path: /index.html",
  ":authority: www.example.com",
  "custom-key: custom-value",
];
const redirect = [
  "cache-control: private",
  "date: Mon, 21 Oct 2013 20:13:21 GMT",
  "location: https://www.example.com",
];
const page = [
  "cache-control: private",
  "date: Mon, 21 Oct 2013 20:13:22 GMT",
  "location: https://www.example.com",
  "content-encoding: gzip",
  "set-cookie: foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1",
];

/** The examples of RFC 7541, appendix C: blocks of one connection, what they hold, the size of the table. */
const examples: readonly (readonly [
  title: string,
  ...blocks: (readonly [bytes: string, fields: readonly string[], tableSize: number])[],
])[] = [
  [
    "C.2.1 a literal that is indexed",
    ["400a637573746f6d2d6b65790d637573746f6d2d686561646572", ["custom-key: custom-header"], 55],
  ],
  ["C.2.2 a literal that is not", ["040c2f73616d706c652f70617468", [":path: /sample/path"], 0]],
  [
    "C.2.3 a literal that never is",
    ["100870617373776f726406736563726574", ["password: secret"], 0],
  ],
  ["C.2.4 an index", ["82", [":method: GET"], 0]],
  [
    "C.3 requests without Huffman coding",
    ["828684410f7777772e6578616d706c652e636f6d", first, 57],
    ["828684be58086e6f2d6361636865", second, 110],
    ["828785bf400a637573746f6d2d6b65790c637573746f6d2d76616c7565", third, 164],
  ],
  [
    "C.4 requests with Huffman coding",
    ["828684418cf1e3c2e5f23a6ba0ab90f4ff", first, 57],
    ["828684be5886a8eb10649cbf", second, 110],
    ["828785bf408825a849e95ba97d7f8925a849e95bb8e8b4bf", third, 164],
  ],
  [
    "C.5 responses without Huffman coding, in a table of 256 bytes",
    [
      "3fe101 4803333032580770726976617465611d4d6f6e2c203231204f637420323031332032303a31333a323120474d546e1768747470733a2f2f7777772e6578616d706c652e636f6d",
      redirect,
      222,
    ],
    ["4803333037c1c0bf", redirect, 222],
    [
      "88c1611d4d6f6e2c203231204f637420323031332032303a31333a323220474d54c05a04677a69707738666f6f3d4153444a4b48514b425a584f5157454f50495541585157454f49553b206d61782d6167653d333630303b2076657273696f6e3d31",
      page,
      215,
    ],
  ],
  [
    "C.6 responses with Huffman coding, in a table of 256 bytes",
    [
      "3fe101 488264025885aec3771a4b6196d07abe941054d444a8200595040b8166e082a62d1bff6e919d29ad171863c78f0b97c8e9ae82ae43d3",
      redirect,
      222,
    ],
    ["4883640effc1c0bf", redirect, 222],
    [
      "88c16196d07abe941054d444a8200595040b8166e084a62d1bffc05a839bd9ab77ad94e7821dd7f2e6c7b335dfdfcd5b3960d5af27087f3672c1ab270fb5291f9587316065c003ed4ee5b1063d5007",
      page,
      215,
    ],
  ],
];

test.for(examples)("decodes %s", ([, ...blocks]) => {
  const decoder = createDecoder();
  for (const [bytes, fields, tableSize] of blocks) {
    expect(decode(decoder, hex(bytes))).toEqual(fields);
    expect(decoder.tableSize).toBe(tableSize);
  }
});

describe("the decoder", () => {
  test("knows a block that came before, and what has changed since", () => {
    const decoder = createDecoder();
    const index = hex("be");
    decode(decoder, hex("4001610162"));
    expect(decode(decoder, index)).toEqual(["a: b"]);
    const again = decoder.decode(index, 0, 1);
    expect(decoder.decode(index, 0, 1)).toBe(again);
    decode(decoder, hex("4001630164"));
    expect(decode(decoder, index)).toEqual(["c: d"]);
  });

  test("tells literals apart that differ in any byte", () => {
    const decoder = createDecoder();
    for (let i = 0; i < 3; i++) {
      for (let at = 0; at < 20; at++) {
        const path = Buffer.from("/aaaaaaaaaaaaaaaaaaaaaaa");
        path[at + 1] = 0x62;
        const bytes = Buffer.concat([Buffer.of(4, path.length), path]);
        expect(decode(decoder, bytes)).toEqual([`:path: ${path}`]);
      }
    }
  });

  test("keeps no block with a field that must not be kept", () => {
    const decoder = createDecoder();
    const bytes = hex("100870617373776f726406736563726574");
    expect(decoder.decode(bytes, 0, bytes.length)).not.toBe(decoder.decode(bytes, 0, bytes.length));
  });

  test("leaves out what is too much, and goes on with the table", () => {
    const decoder = new HpackDecoder(tables, 200);
    const long = Buffer.concat([hex("4001617f09"), Buffer.alloc(136, "x")]);
    const bomb = Buffer.concat([long, Buffer.alloc(1000, 0xbe)]);
    const view = decoder.decode(bomb, 0, bomb.length);
    expect(view.tooLarge).toBe(true);
    expect(view.get("a")).toHaveLength(136);
    let count = 0;
    view.forEach(() => count++);
    expect(count).toBe(1);
    expect(decoder.decode(hex("be"), 0, 1).get("a")).toHaveLength(136);
  });

  test("joins fields of one name, cookies by their own rule", () => {
    const decoder = createDecoder();
    const encoder = new HpackEncoder(tables);
    const bytes = encoder.encode([
      ["a", "1"],
      ["cookie", "x=1"],
      ["a", "2"],
      ["cookie", "y=2"],
    ]);
    const view = decoder.decode(bytes, 0, bytes.length);
    expect([view.get("a"), view.get("cookie"), view.get("b")]).toEqual([
      "1, 2",
      "x=1; y=2",
      undefined,
    ]);
    const fields: string[] = [];
    view.forEach((name, value) => fields.push(`${name}: ${value}`));
    expect(fields).toEqual(["a: 1", "a: 2", "cookie: x=1; y=2"]);
  });

  test("refuses cut blocks at every place but between fields", () => {
    const bytes = hex("82868458086e6f2d6361636865");
    const ends: number[] = [];
    const errors: unknown[] = [];
    for (let end = 1; end <= bytes.length; end++) {
      try {
        createDecoder().decode(bytes, 0, end);
        ends.push(end);
      } catch (error) {
        errors.push(error);
      }
    }
    expect(errors.every((error) => error instanceof ConnectionError)).toBe(true);
    expect(ends).toEqual([1, 2, 3, 13]);
  });
});

describe("the encoder", () => {
  const reply = new HeaderSet([
    [":status", "200"],
    ["content-type", "application/grpc"],
  ]);

  test("writes a constant set as indexes from the second time on", () => {
    const encoder = new HpackEncoder(tables);
    expect(encoder.encode(reply)[0]).toBe(0x88);
    expect(Buffer.from(encoder.encode(reply)).toString("hex")).toBe("88be");
    expect(Buffer.from(encoder.encode(reply)).toString("hex")).toBe("88be");
    encoder.encode(new HeaderSet([["grpc-status", "0"]]));
    expect(Buffer.from(encoder.encode(reply)).toString("hex")).toBe("88bf");
  });

  test("keeps what it has encoded apart from what it encodes next", () => {
    const [encoder, decoder] = [new HpackEncoder(tables), createDecoder()];
    for (let i = 0; i < 5; i++) {
      expect(decode(decoder, encoder.encode(reply))).toEqual(["content-type: application/grpc"]);
      const fields = [["x-call", `value ${i} that is quite long`]] as const;
      expect(decode(decoder, encoder.encode(fields))).toEqual([`x-call: ${fields[0][1]}`]);
    }
  });

  test("puts nothing of a single call, and no secret, into the table", () => {
    const encoder = new HpackEncoder(tables);
    const decoder = createDecoder();
    decode(decoder, encoder.encode([["x-once", "1"]]));
    decode(decoder, encoder.encode(new HeaderSet([["authorization", "secret"]])));
    expect(decoder.tableSize).toBe(0);
    expect(encoder.encode([["authorization", "s"]])[0]! & 0xf0).toBe(0x10);
  });

  test.for([0, 40, 100, 4096, 100_000])("keeps to a table of %d bytes", (size) => {
    const [encoder, decoder] = [new HpackEncoder(tables), createDecoder()];
    decode(decoder, encoder.encode(reply));
    encoder.limitTable(10);
    encoder.limitTable(size);
    for (let i = 0; i < 4; i++) {
      const set = new HeaderSet([[`x-${i}`, "v"]]);
      expect(decode(decoder, encoder.encode(set))).toEqual([`x-${i}: v`]);
      expect(decode(decoder, encoder.encode(reply))).toEqual(["content-type: application/grpc"]);
      expect(decoder.tableSize).toBeLessThanOrEqual(size);
    }
  });

  test.for([
    ["a name in upper case", "Name", "x"],
    ["a name with a space", "na me", "x"],
    ["an empty name", "", "x"],
    ["a line break", "name", "a\r\nb"],
    ["a zero byte", "name", "\0"],
    ["a character that is no byte", "name", "ā"],
  ] as const)("refuses %s, and nothing is lost", ([, name, value]) => {
    const [encoder, decoder] = [new HpackEncoder(tables), createDecoder()];
    expect(() =>
      encoder.encode([
        ["x", "y"],
        [name, value],
      ]),
    ).toThrow(TypeError);
    expect(decode(decoder, encoder.encode(reply))).toEqual(["content-type: application/grpc"]);
  });
});
