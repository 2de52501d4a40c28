import { expect, test } from "vitest";
import type { Field } from "../../src/transport/http2/engine.ts";
import {
  decodeBinaryHeader,
  encodeBinaryHeader,
  GrpcHeader,
} from "../../src/transport/grpc/protocol/metadata.ts";

function fieldsOf(header: GrpcHeader): Field[] {
  const fields: Field[] = [];
  header.appendTo(fields);
  return fields;
}

function received(...fields: Field[]): GrpcHeader {
  return GrpcHeader.from({
    get: () => undefined,
    forEach: (visit) => fields.forEach(([name, value]) => visit(name, value)),
  });
}

test("names are case-insensitive and come back in lower case", () => {
  const header = new GrpcHeader();
  header.set("X-One", "1");
  header.add("x-one", "2");
  expect(header.get("X-ONE")).toBe("1");
  expect(header.values("x-One")).toEqual(["1", "2"]);
  expect(header.keys()).toEqual(["x-one"]);
  expect(header.get("x-two")).toBeUndefined();
  expect(header.values("x-two")).toEqual([]);
});

test("set replaces all values", () => {
  const header = new GrpcHeader();
  header.add("a", "1");
  header.add("a", "2");
  header.set("a", "3");
  expect(header.values("a")).toEqual(["3"]);
});

test("sends repeated names one by one, in order", () => {
  const header = new GrpcHeader();
  header.add("a", "1");
  header.add("b", "x");
  header.add("a", "2");
  expect(fieldsOf(header)).toEqual([
    ["a", "1"],
    ["a", "2"],
    ["b", "x"],
  ]);
});

test.for([
  "grpc-timeout",
  "grpc-status",
  "content-type",
  "te",
  "connection",
  "trailer",
  "transfer-encoding",
  "host",
])("does not send %s", (name) => {
  const header = new GrpcHeader();
  header.set(name, "1");
  expect(fieldsOf(header)).toEqual([]);
});

test.for(["grpc-timeout", "grpc-encoding", "content-type", "te"])("does not show %s", (name) => {
  expect(received([name, "1"], ["x", "2"]).keys()).toEqual(["x"]);
});

test.for(["", "a b", "ä", "a:b", "a\n"])('refuses the name "%s"', (name) => {
  expect(() => new GrpcHeader().set(name, "1")).toThrow(TypeError);
});

test.for(["ä", "a\nb", "\u0000", "日本"])('refuses the value "%s"', (value) => {
  expect(() => new GrpcHeader().add("x", value)).toThrow(/printable ASCII/);
});

test("strips spaces around a value, which HTTP/2 forbids", () => {
  const header = new GrpcHeader();
  header.set("x", "  a b ");
  expect(header.get("x")).toBe("a b");
});

test("takes base64 alone as the value of a binary name", () => {
  const header = new GrpcHeader();
  header.set("x-bin", "AAH/");
  header.add("x-bin", "AA==");
  expect(header.values("x-bin")).toEqual(["AAH/", "AA"]);
  expect(() => header.set("x-bin", "not base64!")).toThrow(/must be base64/);
});

test("splits binary values that share a field", () => {
  expect(received(["x-bin", "AA==, AQ,Ag=="]).values("x-bin")).toEqual(["AA", "AQ", "Ag"]);
});

test("codes bytes as base64 without padding", () => {
  const pool = new Uint8Array([9, 1, 2, 3, 255, 9]);
  const bytes = pool.subarray(1, 5);
  expect(encodeBinaryHeader(bytes)).toBe("AQID/w");
  expect([...decodeBinaryHeader("AQID/w")]).toEqual([...bytes]);
  expect([...decodeBinaryHeader("AQID/w==")]).toEqual([...bytes]);
});
