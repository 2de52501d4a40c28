import { type Details, type RequestCase, toOutcome, type Want } from "./request-case.ts";

type Row = readonly [
  id: string,
  title: string,
  path: string,
  sent: string,
  want: Want,
  more?: Details,
];

const keepReserved: Details = { options: { compat: { keepReserved: true } } };

const rows: readonly Row[] = [
  ["C1", "a segment is decoded", "/v1/{id}", "/v1/a%20b", { id: "a b" }],
  ["C2", "an escaped slash divides nothing", "/v1/{id}", "/v1/a%2Fb", { id: "a/b" }],
  ["C3", "a plus is no space", "/v1/{id}", "/v1/a+b", { id: "a+b" }],
  ["C4", "a percent sign comes back", "/v1/{id}", "/v1/100%25", { id: "100%" }],
  ["C5", "decoding happens once", "/v1/{id}", "/v1/%252F", { id: "%2F" }],
  ["C6", "escapes are UTF-8", "/v1/{id}", "/v1/%E4%BD%A0", { id: "你" }],
  [
    "C7",
    "an escape needs hexadecimal digits",
    "/v1/{id}",
    "/v1/%zz",
    /"%zz" is not percent-encoded UTF-8/,
  ],
  ["C7", "an escape needs two digits", "/v1/{id}", "/v1/a%", /"a%" is not percent-encoded UTF-8/],
  ["C7", "also where the path is literal", "/v1/x", "/v1/x%", /not percent-encoded/],
  [
    "C8",
    "bytes that are no UTF-8 are refused",
    "/v1/{id}",
    "/v1/%FF",
    /"%FF" is not percent-encoded UTF-8/,
  ],
  [
    "C8",
    "half a surrogate pair is no UTF-8",
    "/v1/{id}",
    "/v1/%ED%A0%80",
    /not percent-encoded UTF-8/,
  ],
  [
    "C9",
    "an escaped slash among several segments stays",
    "/v1/{name=files/**}",
    "/v1/files/a%2Fb/c",
    { name: "files/a%2Fb/c" },
  ],
  ["C10", "as it was written", "/v1/{name=files/**}", "/v1/files/a%2fb", { name: "files/a%2fb" }],
  [
    "C11",
    "other escapes are decoded",
    "/v1/{name=files/**}",
    "/v1/files/a%20b",
    { name: "files/a b" },
  ],
  [
    "C12",
    "reserved characters too",
    "/v1/{name=files/**}",
    "/v1/files/a%3Ab%26c",
    { name: "files/a:b&c" },
  ],
  [
    "C12",
    "unless they are to stay",
    "/v1/{name=files/**}",
    "/v1/files/a%3Ab%26c%20%C3%A9%5b",
    { name: "files/a%3Ab%26c é%5b" },
    keepReserved,
  ],
  [
    "C12",
    "which changes nothing for one segment",
    "/v1/{id}",
    "/v1/a%3Ab%2Fc",
    { id: "a:b/c" },
    keepReserved,
  ],
  [
    "C13",
    "a literal before the wildcard makes it several segments",
    "/v1/{name=shelves/*}",
    "/v1/shelves/a%2Fb",
    { name: "shelves/a%2Fb" },
  ],
  [
    "C14",
    "** is several segments, also when one comes",
    "/v1/{name=**}",
    "/v1/a%2Fb",
    { name: "a%2Fb" },
  ],
  ["C15", "a literal variable is one segment", "/v1/{id=foo}", "/v1/foo", { id: "foo" }],
  ["C15", "its escapes are decoded", "/v1/{id=a%2Fb}", "/v1/a%2fb", { id: "a/b" }],
  ["C16", "a semicolon is data", "/v1/{id}", "/v1/a;b=1", { id: "a;b=1" }],
  [
    "C17",
    "variables beside each other have rules of their own",
    "/a/{id=*}/{name=**}",
    "/a/%21%2F/%21%2F/c",
    { id: "!/", name: "!%2F/c" },
  ],
];

/** How the path's escapes are read. */
export const percentCases: readonly RequestCase[] = rows.map(
  ([id, title, path, sent, want, more]) => ({
    id,
    title,
    rules: `GET ${path}`,
    request: `GET ${sent}`,
    ...toOutcome(want),
    ...more,
  }),
);
