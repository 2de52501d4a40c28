import type { JsonObject } from "@bufbuild/protobuf";

/** A rule of `google.api.http`, and what is said of it when code is generated and when it is served. */
export interface GrammarCase {
  readonly id: string;
  /** A fact. */
  readonly title: string;
  /** `google.api.HttpRule` in JSON; undefined: the method has none. */
  readonly rule: JsonObject | undefined;
  /** The error of the generator, its hint included; undefined: it accepts the rule. */
  readonly error: RegExp | undefined;
  /** The only warning of the generator, its hint included; undefined: it has none. */
  readonly warning: RegExp | undefined;
  /** The error of `handle`; undefined: the rule can be served. */
  readonly refusal: RegExp | undefined;
  /** Rules that come out, where not all of them do. */
  readonly bindings?: number;
  /** Stream both ways. */
  readonly bidi?: boolean;
  /** The generator is asked to serve methods without a rule. */
  readonly unboundMethods?: boolean;
}

type Rule = string | JsonObject | undefined;

/** What a rule meets; for nothing to be said, an empty object. */
interface Verdict {
  /** Of the generator, and of `handle` where that is not told apart. */
  readonly error?: RegExp;
  readonly warning?: RegExp;
  readonly refusal?: RegExp | undefined;
  readonly bindings?: number;
  readonly bidi?: boolean;
  readonly unboundMethods?: boolean;
}

type Row = readonly [id: string, title: string, rule: Rule, verdict: Verdict];

const fine: Verdict = {};
const whole = /must be a whole segment/;
const deepLast = /"\*\*" must be the last segment/;
const dropped: Verdict = {
  error: /has a body, which proxies and clients drop/,
  refusal: undefined,
};
/** A text alone is the path of a GET. */
const post = (path: string, more: JsonObject = { body: "*" }): JsonObject => ({
  post: path,
  ...more,
});

const rows: readonly Row[] = [
  ["A1", "a variable is one segment", "/v1/{id}", fine],
  ["A1", "and may say so", "/v1/{id=*}", fine],
  ["A2", "a variable spans segments", "/v1/{name=shelves/*/books/*}", fine],
  ["A3", "a verb follows **", "/v1/{name=files/**}:download", fine],
  ["A4", "no segment follows **", "/v1/{name=**}/suffix", { error: deepLast }],
  ["A5", "** comes once", "/v1/**/a/**", { error: deepLast }],
  ["A5", "no wildcard follows **", "/a/**/*", { error: deepLast }],
  ["A5", "nor does a variable", "/a/**/{id}", { error: deepLast }],
  ["A6", "variables are not nested", "/{id={name=*}}", { error: /cannot hold another variable/ }],
  ["A7", "a variable begins a segment", "/a{id}", { error: whole }],
  ["A7", "a variable ends a segment", "/{id}a", { error: whole }],
  ["A7", "a segment holds one variable", "/a/{id}-{name}", { error: whole }],
  [
    "A8",
    "a path begins with a slash",
    "v1/items",
    { error: /expected "\/" at the start.*write "\/v1\/items"/s },
  ],
  [
    "A9",
    "a path ends in no slash",
    "/v1/items/",
    { error: /cannot end in a slash.*write "\/v1\/items"/s },
  ],
  ["A10", "segments are not empty", "/a//b", { error: /empty segment/ }],
  ["A10", "also not the only ones", "//", { error: /empty segment/ }],
  ["A10", "a path is not empty", "", { error: /empty, write "\/" for the root/ }],
  ["A11", "the root is a path", "/", fine],
  ["A12", "a verb is not empty", "/v1/{id}:", { error: /expected a verb/ }],
  ["A12", "the root has no verb", "/:verb", { error: /a verb needs a segment/ }],
  ["A12", "a verb needs a segment", "/a/:verb", { error: /a verb needs a segment/ }],
  [
    "A13",
    "two colons are one too many",
    "/a/b/c:d:e",
    { error: /second colon is ambiguous.*write "%3A"/s },
  ],
  ["A14", "no segment follows a verb", "/v1/{id}:verb/y", { error: /a verb must come last/ }],
  ["A15", "a variable has a name", "/v1/{}", { error: /expected the name of a field/ }],
  ["A15", "a variable is closed", "/v1/{id", { error: /expected "}" at the end of variable "id"/ }],
  ["A15", "no name ends in a dot", "/v1/{id.}", { error: /expected the name of a field/ }],
  ["A16", "a variable is not repeated", "/v1/{tags}", { error: /path variable "tags".*repeated/ }],
  ["A16", "a variable is no map", "/v1/{labels}", { error: /path variable "labels".*a map/ }],
  ["A17", "a variable is no message", "/v1/{sub}", { error: /path variable "sub" is a message/ }],
  ["A17", "neither is it any JSON", "/v1/{st}", { error: /path variable "st" is a message/ }],
  ["A17", "of whatever kind", "/v1/{list}", { error: /path variable "list" is a message/ }],
  [
    "A17",
    "nor raw bytes with a type",
    "/v1/{file}",
    { error: /path variable "file" is a message/ },
  ],
  [
    "A18",
    "a time is read, with a warning",
    "/v1/{ts}",
    {
      warning:
        /path variable "ts" is a "google\.protobuf\.Timestamp", which other implementations refuse/,
    },
  ],
  [
    "A18",
    "so is a wrapper",
    "/v1/{w_i}",
    { warning: /path variable "w_i" is a "google\.protobuf\.Int32Value"/ },
  ],
  ["A19", "a variable lies inside of messages", "/v1/{sub.subfield}", fine],
  [
    "A20",
    "but not of repeated ones",
    "/v1/{subs.subfield}",
    { error: /"subs\.subfield".*goes through "subs", which is repeated/ },
  ],
  ["A20", "nor of scalars", "/v1/{id.x}", { error: /goes through "id", which is no message/ }],
  ["A21", "a variable is a field", "/v1/{missing}", { error: /"missing".*"id"/s }],
  ["A21", "also inside of messages", "/v1/{sub.missing}", { error: /"missing".*"subfield"/s }],
  ["A22", "a field has one place", "/{id}/x/{id}", { error: /variable "id" comes twice/ }],
  ["A23", "a name is that of the proto", "/v1/{display_name}", fine],
  ["A23", "not that of JSON", "/v1/{displayName}", { error: /"displayName".*"display_name"/s }],
  ["A24", "GET has no body", { get: "/v1", body: "*" }, dropped],
  ["A25", "DELETE has no body", { delete: "/v1/{id}", body: "*" }, dropped],
  [
    "A26",
    "a body is a field of the request itself",
    post("/v1", { body: "sub.subfield" }),
    { error: /body "sub\.subfield"/ },
  ],
  [
    "A27",
    "a body is a field",
    post("/v1", { body: "missing" }),
    { error: /body.*"missing".*"id"/s },
  ],
  [
    "A27",
    "by its name in the proto",
    post("/v1", { body: "displayName" }),
    { error: /body.*"displayName".*"display_name"/s },
  ],
  [
    "A27",
    "so is the body of a reply",
    { get: "/v1", responseBody: "missing" },
    { error: /response.body.*"missing".*"id"/s },
  ],
  [
    "A28",
    "POST without a body fills all from the query, with a warning",
    post("/v1", {}),
    { warning: /can only come from the query/ },
  ],
  [
    "A29",
    "additional bindings have none of their own",
    { get: "/v1", additionalBindings: [{ get: "/v2", additionalBindings: [{ get: "/v3" }] }] },
    { error: /has additional bindings of its own/, refusal: undefined },
  ],
  [
    "A30",
    "bindings of one method have one body",
    { get: "/v1", additionalBindings: [post("/v2")] },
    { warning: /has body "\*", the first has none/, bindings: 2 },
  ],
  ["A31", "a rule has a path", { body: "*" }, { error: /has no path/, refusal: undefined }],
  ["A32", "a method of HTTP can be named", { custom: { kind: "HEAD", path: "/v1" } }, fine],
  [
    "A32",
    "but nothing else",
    { custom: { kind: "NO METHOD", path: "/v1" } },
    { error: /"NO METHOD" is no HTTP method/ },
  ],
  ["A33", "a rule can be for all methods", { custom: { kind: "*", path: "/v1" } }, fine],
  ["A35", "a method without a rule is not served", undefined, { bindings: 0 }],
  ["A35", "but where that is asked for", undefined, { unboundMethods: true }],
  ["A35", "also a stream", undefined, { unboundMethods: true, bidi: true }],
  ["A35", "which leaves rules as they are", "/v1/{id}", { unboundMethods: true }],
  ["A36", "a literal is encoded", "/v1/a b", { error: /" " cannot stand in a path.*write "%20"/s }],
  [
    "A36",
    "a query belongs to no path",
    "/v1/a?b",
    { error: /"\?" cannot stand in a path.*write "%3F"/s },
  ],
  ["A37", "escapes stand in literals", "/v1/caf%C3%A9", fine],
  ["A38", "a stream both ways can have a rule", "/v1/chat", { bidi: true }],
];

/** What is said of single rules. */
export const grammarCases: readonly GrammarCase[] = rows.map(([id, title, rule, verdict]) => ({
  id,
  title,
  rule: typeof rule === "string" ? { get: rule } : rule,
  error: verdict.error,
  warning: verdict.warning,
  refusal: "refusal" in verdict ? verdict.refusal : verdict.error,
  ...(verdict.bindings !== undefined && { bindings: verdict.bindings }),
  ...(verdict.bidi !== undefined && { bidi: verdict.bidi }),
  ...(verdict.unboundMethods !== undefined && { unboundMethods: verdict.unboundMethods }),
}));

/** Two rules of two methods, and whether no request could tell them apart. */
export interface CollisionCase {
  readonly id: string;
  readonly title: string;
  readonly rules: readonly [JsonObject, JsonObject];
  readonly collide: boolean;
}

const pairs: readonly (readonly [string, string, JsonObject, JsonObject, boolean])[] = [
  [
    "A34",
    "names of variables tell nothing apart",
    { get: "/v1/{id}" },
    { get: "/v1/{name}" },
    true,
  ],
  [
    "A34",
    "neither do patterns that match the same",
    { get: "/v1/{name=shelves/*}" },
    { get: "/v1/shelves/{id}" },
    true,
  ],
  ["A34", "nor escapes", { get: "/v1/%7Eme" }, { get: "/v1/~me" }, true],
  ["A34", "methods do", { get: "/v1/{id}" }, { delete: "/v1/{id}" }, false],
  ["A34", "verbs do", { get: "/v1/{id}:run" }, { get: "/v1/{id}" }, false],
  ["A34", "literals do", { get: "/v1/{id}" }, { get: "/v1/me" }, false],
  [
    "A33",
    "a named method and all methods do",
    { get: "/v1" },
    { custom: { kind: "*", path: "/v1" } },
    false,
  ],
];

/** What is said of rules beside each other. */
export const collisionCases: readonly CollisionCase[] = pairs.map(
  ([id, title, first, second, collide]) => ({
    id,
    title,
    rules: [first, second],
    collide,
  }),
);
