import type { JsonValue } from "@bufbuild/protobuf";
import { KratosError } from "@kratos-ts/runtime";
import type { HttpServerOptions, RouteOptions } from "@kratos-ts/runtime/http";
import { GrpcError } from "./grpc-error.ts";

/** A reply, and how it goes out. */
export interface ResponseCase extends Circumstances, Response {
  readonly id: string;
  /** A fact. */
  readonly title: string;
  /** What the handler returns; an error is thrown. */
  readonly reply: Reply;
}

interface Circumstances {
  /** Default: `GET /v1`. */
  readonly rule?: string;
  /** Default: `GET /v1`. */
  readonly request?: string;
  /** The type of the reply; default: the test's own. */
  readonly output?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly options?: HttpServerOptions;
  /** What is set for the one operation. */
  readonly configure?: RouteOptions;
}

/** What is said of a response; what is not said is not looked at. */
interface Response {
  /** Default: 200. */
  readonly status?: number;
  /** Default: `application/json`. */
  readonly type?: string;
  /** The whole body. */
  readonly body?: string;
  /** Members of the body, which is JSON. */
  readonly json?: Readonly<Record<string, JsonValue>>;
  /** Members that the body has not. */
  readonly without?: readonly string[];
}

type Reply = Readonly<Record<string, unknown>> | Error;

type Row = readonly [id: string, title: string, reply: Reply, want: Response & Circumstances];

const sparse: HttpServerOptions = { json: { emitDefaults: false } };
const bytes = Buffer.from([0xfb, 0xff]);

const httpStatus: Readonly<Record<number, number>> = {
  1: 499,
  2: 500,
  3: 400,
  4: 504,
  5: 404,
  6: 409,
  7: 403,
  8: 429,
  9: 412,
  10: 409,
  11: 400,
  12: 501,
  13: 500,
  14: 503,
  15: 500,
  16: 401,
};

const rows: readonly Row[] = [
  [
    "G1",
    "names are in camel case",
    { displayName: "x" },
    { json: { displayName: "x" }, without: ["display_name"] },
  ],
  ["G1", "an int64 is a string", { big: 9007199254740993n }, { json: { big: "9007199254740993" } }],
  ["G1", "an enum is a name", { state: 1 }, { json: { state: "ACTIVE" } }],
  ["G1", "bytes are plain base64", { raw: bytes }, { json: { raw: "+/8=" } }],
  [
    "G2",
    "zero values are written",
    {},
    {
      json: {
        n: 0,
        name: "",
        b: false,
        big: "0",
        tags: [],
        labels: {},
        state: "STATE_UNSPECIFIED",
        sub: null,
      },
    },
  ],
  ["G2", "unless the server leaves them out", {}, { body: "{}", options: sparse }],
  ["G2", "or the operation does", {}, { body: "{}", configure: { json: { emitDefaults: false } } }],
  [
    "G3",
    "an enum is a number where the server wants it",
    { state: 1 },
    { json: { state: 1 }, options: { json: { enumAsNumber: true } } },
  ],
  [
    "G3",
    "or the operation does",
    { state: 1 },
    { json: { state: 1 }, configure: { json: { enumAsNumber: true } } },
  ],
  [
    "G3",
    "the operation has the last word",
    { state: 1 },
    {
      json: { state: "ACTIVE" },
      options: { json: { enumAsNumber: true } },
      configure: { json: { enumAsNumber: false } },
    },
  ],
  [
    "G4",
    "names are those of the proto where the server wants it",
    { displayName: "x" },
    {
      json: { display_name: "x" },
      without: ["displayName"],
      options: { json: { protoNames: true } },
    },
  ],
  [
    "G4",
    "or the operation does",
    { displayName: "x" },
    {
      json: { display_name: "x" },
      without: ["displayName"],
      configure: { json: { protoNames: true } },
    },
  ],
  [
    "G5",
    "a list can be the body",
    { tags: ["a"] },
    { rule: "GET /v1 response=tags", body: '["a"]' },
  ],
  [
    "G6",
    "an unset message in its place is empty",
    {},
    { rule: "GET /v1 response=book", body: "{}", options: sparse },
  ],
  [
    "G7",
    "a string can be the body, as JSON",
    { name: "x" },
    { rule: "GET /v1 response=name", body: '"x"' },
  ],
  [
    "G8",
    "an HttpBody is its bytes",
    { contentType: "text/plain", data: Buffer.from("hello") },
    { output: "google.api.HttpBody", type: "text/plain", body: "hello" },
  ],
  [
    "G8",
    "bytes without a type are just bytes",
    { data: Buffer.from("x") },
    { output: "google.api.HttpBody", type: "application/octet-stream", body: "x" },
  ],
  [
    "G8",
    "also in a field",
    { file: { contentType: "text/csv", data: Buffer.from("a,b") } },
    { rule: "GET /v1 response=file", type: "text/csv", body: "a,b" },
  ],
  ["G9", "an Empty is an empty object", {}, { output: "google.protobuf.Empty", body: "{}" }],
  [
    "G10",
    "an optional field that is not set is left out",
    {},
    { without: ["optN", "pickA", "pickB"] },
  ],
  ["G10", "one that is zero is not", { optN: 0 }, { json: { optN: 0 } }],
  ["G11", "NaN is a string", { d: Number.NaN }, { json: { d: "NaN" } }],
  ["G11", "so is Infinity", { d: Number.NEGATIVE_INFINITY }, { json: { d: "-Infinity" } }],
  ...Object.entries(httpStatus).map(([code, status]): Row => [
    "G12",
    `the gRPC code ${code} is ${status}`,
    new GrpcError(Number(code), "no"),
    { status, json: { code: status, message: "no" } },
  ]),
  [
    "G13",
    "an error has a code, a reason, a message and metadata",
    new KratosError(404, "ORDER_NOT_FOUND", "no order 7", { metadata: { id: "7" } }),
    {
      status: 404,
      body: '{"code":404,"reason":"ORDER_NOT_FOUND","message":"no order 7","metadata":{"id":"7"}}',
    },
  ],
  [
    "G14",
    "details of an unknown type take nothing from an error",
    new GrpcError(5, "no", unknownDetail()),
    { status: 404, json: { code: 404, message: "no" } },
  ],
  [
    "G18",
    "who accepts nothing that there is gets JSON",
    { n: 5 },
    { headers: { Accept: "text/html" }, json: { n: 5 } },
  ],
  [
    "G18",
    "but not from a strict server",
    { n: 5 },
    { headers: { Accept: "text/html" }, status: 406, options: { strict: { accept: true } } },
  ],
  ["G20", "HEAD gets no body", { n: 5 }, { request: "HEAD /v1", body: "" }],
];

/** How replies and errors go out. */
export const responseCases: readonly ResponseCase[] = rows.map(([id, title, reply, want]) => ({
  id,
  title,
  reply,
  ...want,
}));

/** A `google.rpc.Status` with code 5, the message `no` and one detail of a type that nobody knows. */
function unknownDetail(): Buffer {
  const url = Buffer.from("type.googleapis.com/nobody.Knows");
  const any = Buffer.concat([Buffer.from([0x0a, url.length]), url, Buffer.from([0x12, 1, 0xff])]);
  return Buffer.concat([
    Buffer.from([8, 5, 0x12, 2]),
    Buffer.from("no"),
    Buffer.from([0x1a, any.length]),
    any,
  ]);
}
