import { type Details, type RequestCase, toOutcome, type Want } from "./request-case.ts";

type Row = readonly [
  id: string,
  title: string,
  variable: string,
  text: string,
  want: Want,
  more?: Details,
];

const rows: readonly Row[] = [
  ["D1", "an int32 is decimal", "n", "42", { n: 42 }],
  ["D2", "an int32 has digits only", "n", "abc", /field "n": expected an int32, got "abc"/],
  [
    "D3",
    "an int32 has 32 bits",
    "n",
    "2147483648",
    /field "n": expected an int32 \(-2147483648 to 2147483647\)/,
  ],
  ["D3", "the least int32 fits", "n", "-2147483648", { n: -2147483648 }],
  ["D4", "a zero in front is not octal", "n", "010", { n: 10 }],
  ["D4", "hexadecimal is refused", "n", "0x10", /field "n": expected an int32/],
  ["D5", "a fraction is no int32", "n", "1.0", /field "n": expected an int32/],
  ["D5", "an exponent is no int32", "n", "1e2", /field "n": expected an int32/],
  ["D5", "spaces are not skipped", "n", "%201", /field "n": expected an int32, got " 1"/],
  ["D5", "digits of other scripts are none", "n", "%D9%A1", /field "n": expected an int32/],
  ["D6", "an int64 keeps all digits", "big", "9007199254740993", { big: "9007199254740993" }],
  ["D6", "an int64 has 64 bits", "big", "9223372036854775808", /field "big": expected an int64/],
  ["D7", "a uint32 has no sign", "u", "-1", /field "u": expected a uint32/],
  ["D8", "true is a bool", "b", "true", { b: true }],
  ["D8", "1 is a bool", "b", "1", { b: true }],
  ["D8", "f is a bool", "b", "f", { b: false }],
  ["D8", "yes is none", "b", "yes", /field "b": expected "true" or "false", got "yes"/],
  ["D9", "an enum has names", "state", "ACTIVE", { state: "ACTIVE" }],
  ["D9", "an enum has numbers", "state", "1", { state: "ACTIVE" }],
  [
    "D10",
    "case matters in names of an enum",
    "state",
    "active",
    /field "state": expected one of "STATE_UNSPECIFIED", "ACTIVE", "CLOSED"/,
  ],
  [
    "D10",
    "unless it must not",
    "state",
    "active",
    { state: "ACTIVE" },
    { options: { compat: { enumIgnoreCase: true } } },
  ],
  ["D11", "an open enum keeps numbers that it has no name for", "state", "99", { state: 99 }],
  ["D11", "an enum's number has 32 bits", "state", "2147483648", /field "state"/],
  ["D12", "bytes are URL-safe base64", "raw", "-_8", { raw: "+/8=" }],
  ["D12", "bytes are plain base64", "raw", "+%2F8=", { raw: "+/8=" }],
  ["D12", "bytes are nothing else", "raw", "a*b", /field "raw": expected base64/],
  ["D13", "the message around a field is made", "sub.num", "5", { sub: { num: 5 } }],
  ["D14", "a member of a oneof is chosen", "pick_a", "x", { pickA: "x" }],
  ["D15", "an optional zero is there", "opt_n", "0", { optN: 0 }],
  [
    "D16",
    "colons of a time are no verb",
    "ts",
    "2026-01-01T00:00:00Z",
    { ts: "2026-01-01T00:00:00Z" },
  ],
];

/** What path variables of each type can be. */
export const pathTypeCases: readonly RequestCase[] = rows.map(
  ([id, title, variable, text, want, more]) => ({
    id,
    title,
    rules: `GET /v1/{${variable}}`,
    request: `GET /v1/${text}`,
    ...toOutcome(want),
    ...more,
  }),
);
