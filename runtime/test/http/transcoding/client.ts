/** What a client is asked for, and what it sends. */
export interface ClientCase {
  readonly id: string;
  /** A fact. */
  readonly title: string;
  readonly rule: string;
  readonly request: Readonly<Record<string, unknown>>;
  /** The target of the request; an expression: the error before anything is sent. */
  readonly target: string | RegExp;
  /** Default: none. */
  readonly body?: string;
}

type Row = readonly [
  id: string,
  title: string,
  rule: string,
  request: ClientCase["request"],
  target: string | RegExp,
  body?: string,
];

const files = "GET /v1/{name=files/**}";
const bytes = Buffer.from([0xfb, 0xff]);

const rows: readonly Row[] = [
  [
    "C18",
    "a segment is encoded, slashes and colons too",
    "GET /v1/{id}",
    { id: "a/b c:d" },
    "/v1/a%2Fb%20c%3Ad",
  ],
  ["C18", "what is unreserved stays", "GET /v1/{id}", { id: "-_.~09azAZ" }, "/v1/-_.~09azAZ"],
  [
    "C19",
    "slashes between several segments stay",
    files,
    { name: "files/a b/c" },
    "/v1/files/a%20b/c",
  ],
  ["C19", "an escape in a text is a text", files, { name: "files/a%2Fb" }, "/v1/files/a%252Fb"],
  [
    "C20",
    "a text has to match its pattern",
    "GET /v1/{name=shelves/*}",
    { name: "books/1" },
    /field "name".*"books\/1" does not match "shelves\/\*"/,
  ],
  [
    "C20",
    "with as many segments",
    "GET /v1/{name=shelves/*}",
    { name: "shelves/1/2" },
    /does not match/,
  ],
  [
    "C21",
    "nothing is no segment",
    "GET /v1/{id}",
    { id: "" },
    /field "id" cannot go into the path: it is empty/,
  ],
  [
    "C21",
    "neither is what was never set",
    "GET /v1/{id}",
    {},
    /field "id" cannot go into the path: it is empty/,
  ],
  [
    "C21",
    "a step would lead elsewhere",
    "GET /v1/{id}",
    { id: ".." },
    /field "id".*taken for a step/,
  ],
  ["C22", "marks are encoded", "GET /v1/{id}", { id: "a!'()*" }, "/v1/a%21%27%28%29%2A"],
  [
    "C23",
    "what is in the path is not in the query",
    "GET /v1/{id}",
    { id: "x", name: "n" },
    "/v1/x?name=n",
  ],
  [
    "C23",
    "also inside of messages",
    "GET /v1/{sub.num}",
    { sub: { num: 5, subfield: "s" } },
    "/v1/5?sub.subfield=s",
  ],
  [
    "C24",
    "names of several words are found",
    "GET /user/{display_name}",
    { displayName: "123" },
    "/user/123",
  ],
  ["E53", "what is not set is not sent", "GET /q", {}, "/q"],
  [
    "E53",
    "neither are defaults and empty lists",
    "GET /q",
    { n: 0, name: "", b: false, big: 0n, raw: new Uint8Array(), state: 0, tags: [], labels: {} },
    "/q",
  ],
  [
    "E53",
    "what was set is sent",
    "GET /q",
    { optN: 0, wI: 0, wS: "", pick: { case: "pickB", value: 0 } },
    "/q?opt_n=0&w_i=0&w_s=&pick_b=0",
  ],
  [
    "E54",
    "an int64 has all digits",
    "GET /q",
    { big: 9007199254740993n },
    "/q?big=9007199254740993",
  ],
  ["E54", "bytes are URL-safe base64", "GET /q", { raw: bytes }, "/q?raw=-_8%3D"],
  [
    "E54",
    "an enum has its name",
    "GET /q",
    { state: 1, states: [1, 2] },
    "/q?state=ACTIVE&states=ACTIVE&states=CLOSED",
  ],
  ["E54", "a zero keeps its sign", "GET /q", { d: -0 }, "/q?d=-0"],
  ["E54", "an enum without a name has its number", "GET /q", { state: 99 }, "/q?state=99"],
  [
    "F1",
    "a whole body leaves nothing to the query",
    "PATCH /v1/{id} body=*",
    { id: "9", name: "Hi" },
    "/v1/9",
    '{"id":"9","name":"Hi"}',
  ],
  [
    "F3",
    "a body in one field leaves the others to the query",
    "PATCH /v1/{id} body=book",
    { id: "9", n: 5, book: { num: 2 } },
    "/v1/9?n=5",
    '{"num":2}',
  ],
];

/** What clients make of requests. */
export const clientCases: readonly ClientCase[] = rows.map(
  ([id, title, rule, request, target, body]) => ({
    id,
    title,
    rule,
    request,
    target,
    ...(body !== undefined && { body }),
  }),
);
