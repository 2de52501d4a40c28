import {
  type Details,
  type Outcome,
  type RequestCase,
  toOutcome,
  type Want,
} from "./request-case.ts";

type Row = readonly [
  id: string,
  title: string,
  query: string,
  want: Want,
  more?: Details & Outcome & { readonly rule?: string; readonly path?: string },
];

const strictQuery: Details = { options: { strict: { query: true } } };
const goDurations: Details = { options: { compat: { goDurations: true } } };
const bookBody = { rule: "POST /v1/{id} body=book", path: "/v1/7", body: '{"num":1}' };
const json = encodeURIComponent;

const rows: readonly Row[] = [
  [
    "E1",
    "fields and fields inside of messages",
    "n=5&sub.subfield=foo",
    { n: 5, sub: { subfield: "foo" } },
  ],
  ["E2", "messages on the way are made", "sub.deep.num=3", { sub: { deep: { num: 3 } } }],
  ["E3", "names as in the proto", "display_name=x", { displayName: "x" }],
  ["E3", "names as in JSON", "displayName=x", { displayName: "x" }],
  [
    "E4",
    "one field has one name",
    "display_name=x&displayName=y",
    /field "display_name": it is given more than once/,
  ],
  ["E5", "a repeated field keeps the order", "tags=b&tags=a", { tags: ["b", "a"] }],
  ["E6", "commas divide nothing", "tags=a,b", { tags: ["a,b"] }],
  [
    "E7",
    "brackets after a repeated field do not count",
    "tags[]=a&tags%5B%5D=b",
    { tags: ["a", "b"] },
  ],
  ["E8", "each element is checked", "nums=1&nums=x", /field "nums": expected an int32, got "x"/],
  [
    "E9",
    "repeated fields inside of messages",
    "sub.tags=a&sub.tags=b",
    { sub: { tags: ["a", "b"] } },
  ],
  ["E10", "enums by name and number", "states=ACTIVE&states=2", { states: ["ACTIVE", "CLOSED"] }],
  ["E11", "a single field is given once", "n=1&n=2", /field "n": it is given more than once/],
  [
    "E11",
    "also inside of messages",
    "sub.num=1&sub.num=1",
    /field "sub\.num": it is given more than once/,
  ],
  ["E12", "nothing is no number", "n=", /field "n": expected an int32, got ""/],
  ["E12", "nothing is no double", "d=", /field "d"/],
  ["E13", "nothing is a string", "name=", { name: "" }],
  ["E14", "without a value it is nothing", "name", { name: "" }],
  ["E14", "which is no number", "n", /field "n"/],
  ["E15", "an optional zero is there", "opt_n=0", { optN: 0 }],
  ["E16", "a plain zero is zero", "n=0", { n: 0 }],
  ["E17", "a wrapped zero is there", "w_i=0", { wI: 0 }],
  ["E17", "a wrapped empty string is there", "w_s=", { wS: "" }],
  ["E17", "a wrapped int64 keeps all digits", "w_l=9007199254740993", { wL: "9007199254740993" }],
  ["E18", "the value of a wrapper can be named", "w_i.value=5", { wI: 5 }],
  ["E19", "a time", "ts=2026-01-01T00:00:00Z", { ts: "2026-01-01T00:00:00Z" }],
  [
    "E20",
    "a time with an offset",
    "ts=2026-01-01T08:00:00%2B08:00",
    { ts: "2026-01-01T00:00:00Z" },
  ],
  [
    "E21",
    "an offset whose plus became a space is explained",
    "ts=2026-01-01T08:00:00+08:00",
    /field "ts".*write "%2B"/,
  ],
  ["E22", "a day is no time", "ts=2026-01-01", /field "ts"/],
  ["E22", "seconds are no time", "ts=1700000000", /field "ts"/],
  [
    "E23",
    "nanoseconds are kept",
    "ts=2026-01-01T00:00:00.123456789Z",
    { ts: "2026-01-01T00:00:00.123456789Z" },
  ],
  ["E24", "seconds with a fraction", "dur=3.5s", { dur: "3.500s" }],
  ["E24", "seconds with a sign", "dur=-1s", { dur: "-1s" }],
  ["E25", "minutes are refused", "dur=1m", /field "dur"/],
  ["E25", "milliseconds are refused", "dur=100ms", /field "dur"/],
  ["E25", "unless Go's durations are read", "dur=1m30s", { dur: "90s" }, goDurations],
  ["E25", "milliseconds then too", "dur=100ms", { dur: "0.100s" }, goDurations],
  ["E26", "a mask in camel case", "mask=displayName,sub.num", { mask: "displayName,sub.num" }],
  ["E27", "a mask in snake case", "mask=display_name", { mask: "displayName" }],
  ["E28", "an enum by number", "state=1", { state: "ACTIVE" }],
  ["E28", "an enum by name", "state=ACTIVE", { state: "ACTIVE" }],
  ["E28", "no name of the enum", "state=NOPE", /field "state": expected one of/],
  ["E29", "an entry of a map, in brackets", "labels[k]=v", { labels: { k: "v" } }],
  ["E29", "with dots in its key", "labels[a.b]=w", { labels: { "a.b": "w" } }],
  ["E30", "an entry of a map, after a dot", "labels.k=v", { labels: { k: "v" } }],
  [
    "E31",
    "an entry is given once",
    "labels[k]=v&labels[k]=w",
    /field "labels\[k\]": it is given more than once/,
  ],
  ["E32", "elements have no fields", "subs.subfield=x", /field "subs"/],
  [
    "E32",
    "repeated messages have no text",
    "subs=x",
    /field "subs": repeated messages cannot be given in a query/,
  ],
  ["E33", "a message has no text", "sub=x", /field "sub": a message cannot be given in a query/],
  ["E34", "an Any has no text", "any=x", /field "any"/],
  ["E35", "a Struct is JSON", `st=${json('{"a":1}')}`, { st: { a: 1 } }],
  ["E36", "a Value is a number in JSON", "val=1", { val: 1 }],
  ["E36", "a Value is a string in JSON", `val=${json('"x"')}`, { val: "x" }],
  ["E36", "a Value is nothing else", "val=abc", /field "val": expected JSON, got "abc"/],
  [
    "E36",
    "a Value is not nested without end",
    `val=${"[".repeat(3000)}${"]".repeat(3000)}`,
    /field "val"/,
  ],
  [
    "E37",
    "one member of a oneof is given",
    "pick_a=x&pick_b=1",
    /field "pick_b": "pick_a" is given too/,
  ],
  ["E38", "true is a bool", "b=true", { b: true }],
  ["E38", "1 is a bool", "b=1", { b: true }],
  ["E38", "yes is none", "b=yes", /field "b": expected "true" or "false"/],
  ["E39", "NaN is a double", "d=NaN", { d: "NaN" }],
  ["E39", "Infinity is a double", "d=Infinity", { d: "Infinity" }],
  ["E39", "-Infinity is a double", "d=-Infinity", { d: "-Infinity" }],
  ["E39", "an exponent is a double", "d=1e3", { d: 1000 }],
  ["E39", "inf is none", "d=inf", /field "d"/],
  ["E39", "hexadecimal is none", "d=0x10", /field "d"/],
  ["E40", "a plus is a space", "name=a+b", { name: "a b" }],
  ["E40", "an escaped plus is a plus", "name=a%2Bb", { name: "a+b" }],
  ["E41", "an escape needs hexadecimal digits", "name=%zz", /not percent-encoded UTF-8/],
  ["E41", "also in a name", "%zz=1", /not percent-encoded UTF-8/],
  ["E42", "an escape is UTF-8", "name=%FF", /not percent-encoded UTF-8/],
  ["E43", "a semicolon divides nothing", "n=1;u=2", /field "n": expected an int32, got "1;u=2"/],
  ["E44", "names are decoded", "%6E=5", { n: 5 }],
  [
    "E44",
    "also brackets and dots",
    "labels%5Bk%5D=v&sub%2Enum=1",
    { labels: { k: "v" }, sub: { num: 1 } },
  ],
  ["E45", "what names no field is skipped", "utm_source=x&n=1", { n: 1 }],
  [
    "E45",
    "a strict server refuses it",
    "utm_source=x",
    /"utm_source" is no field of "test\.v1\.R"/,
    strictQuery,
  ],
  [
    "E45",
    "a strict server refuses it each time",
    "sub.nope=x",
    /"sub\.nope" is no field/,
    strictQuery,
  ],
  ["E46", "the path wins", "id=other", { id: "x" }, { rule: "GET /v1/{id}", path: "/v1/x" }],
  [
    "E46",
    "even if the query is nonsense",
    "n=nonsense",
    { n: 5 },
    { rule: "GET /v1/{n}", path: "/v1/5" },
  ],
  [
    "E46",
    "under either name",
    "displayName=other",
    { displayName: "x" },
    { rule: "GET /v1/{display_name}", path: "/v1/x" },
  ],
  [
    "E46",
    "inside of messages",
    "sub.subfield=y&sub.num=1",
    { sub: { subfield: "x", num: 1 } },
    { rule: "GET /v1/{sub.subfield}", path: "/v1/x" },
  ],
  [
    "E46",
    "a strict server does not mind",
    "id=other",
    { id: "x" },
    { rule: "GET /v1/{id}", path: "/v1/x", ...strictQuery },
  ],
  [
    "E47",
    "the body wins",
    "book.subfield=x&book=nonsense",
    { id: "7", book: { num: 1 } },
    bookBody,
  ],
  [
    "E48",
    "a whole body leaves nothing to the query",
    "n=5",
    { u: 1 },
    { rule: "POST /v1 body=*", path: "/v1", body: '{"u":1}' },
  ],
  [
    "E49",
    "a body in one field leaves the others",
    "n=5",
    { id: "7", n: 5, book: { num: 1 } },
    bookBody,
  ],
  ["E50", "parameters of the system are skipped", "$alt=json&key=k&prettyPrint=true", {}],
  ["E50", "by a strict server too", "$alt=json&key=k&prettyPrint=true", {}, strictQuery],
  [
    "E51",
    "names of prototypes name nothing",
    "__proto__.x=1&constructor=1&toString=2&__proto__=3",
    {},
  ],
  ["E51", "also inside of messages", "sub.__proto__.x=1&sub.constructor.prototype.x=1", {}],
  [
    "E51",
    "as a key of a map they are keys",
    "labels[constructor]=v",
    { labels: { constructor: "v" } },
  ],
  [
    "E52",
    "more than a thousand parameters are refused",
    "x=1&".repeat(1001),
    /more than 1000 parameters/,
  ],
  ["E52", "a thousand are not", "x&".repeat(1000), {}],
  [
    "E52",
    "more than 32 names in a row are refused",
    `${"sub.".repeat(32)}num=1`,
    /nested too deep/,
  ],
  ["E52", "32 are not", `sub.${"deep.".repeat(30)}num=1`, deepSub(30)],
  ["E52", "a megabyte does not get as far", "x=1&".repeat(250_000), 414],
];

/** What queries do to fields. */
export const queryCases: readonly RequestCase[] = rows.map(([id, title, query, want, more]) => {
  const { rule = "GET /q", path = "/q", ...details } = more ?? {};
  const method = rule.slice(0, rule.indexOf(" "));
  const request = `${method} ${path}?${query}`;
  return { id, title, rules: rule, request, ...toOutcome(want), ...details };
});

/** A number in a message, inside of as many further ones. */
function deepSub(depth: number): { readonly sub: Sub } {
  let inner: Sub = { num: 1 };
  for (let level = 0; level < depth; level++) inner = { deep: inner };
  return { sub: inner };
}

type Sub = { readonly num: number } | { readonly deep: Sub };
