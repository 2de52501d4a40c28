import { expect, test } from "vitest";
import { findInstanceNode } from "../../src/selector/instance-node.ts";
import { instanceOf } from "./nodes.ts";

test.for<[endpoints: string[], schemes: string[], want: string | undefined]>([
  [["http://10.0.0.7:8000"], ["http", "https"], "http 10.0.0.7:8000"],
  [["grpc://a:9000", "http://a:8000"], ["http"], "http a:8000"],
  [["https://a:1", "http://a:2"], ["http", "https"], "http a:2"],
  [["https://a:1", "http://a:2"], ["https"], "https a:1"],
  [["http://a:1", "http://a:2"], ["http"], "http a:1"],
  [["http://a:1"], ["https"], undefined],
  [["http://a:1?isSecure=true"], ["http", "https"], "https a:1"],
  [["http://a:1?isSecure=false"], ["http"], "http a:1"],
  [["grpc://a:1?isSecure=true"], ["grpcs"], "grpcs a:1"],
  [["HTTP://[::1]:80/"], ["http"], "http [::1]:80"],
  [["http://a:1/api/v1/"], ["http"], "http a:1/api/v1"],
  [["http://a:1/über uns?isSecure=true"], ["https"], "https a:1/%C3%BCber%20uns"],
  [["grpc://a:1/api"], ["grpc", "grpcs"], undefined],
  [["grpc://a:1/api?isSecure=true", "grpc://b:1/"], ["grpc", "grpcs"], "grpc b:1"],
  [["http://a"], ["http"], undefined],
  [["http://user@a:1"], ["http"], undefined],
  [["a:1", "", "http://", "http://a:b"], ["http"], undefined],
  [["http://a:99999", "http://::1:80", "http://a b:80", "http://[x]:80"], ["http"], undefined],
  [["http://::1:80", "http://[::1]:81"], ["http"], "http [::1]:81"],
  [[], ["http"], undefined],
])("%o by %o is %s", ([endpoints, schemes, want]) => {
  const node = findInstanceNode(instanceOf("i", endpoints), schemes);
  expect(node && `${node.scheme} ${node.address}${node.path}`).toBe(want);
});

test.for([
  ["50", 50],
  ["0", undefined],
  ["-1", undefined],
  ["1.5", undefined],
  ["x", undefined],
  ["", undefined],
] as const)("the weight %j is %s", ([weight, want]) => {
  const instance = { ...instanceOf("i"), metadata: { weight } };
  expect(findInstanceNode(instance, ["http"])?.weight).toBe(want);
});

test("what a service in Go wrote as null is empty", () => {
  const instance = { ...instanceOf("i"), metadata: null as never };
  expect(findInstanceNode(instance, ["http"])?.metadata).toEqual({});
  expect(findInstanceNode({ ...instance, endpoints: null as never }, ["http"])).toBeUndefined();
});
