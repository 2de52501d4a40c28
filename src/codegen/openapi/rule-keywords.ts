import { ScalarType, type DescEnum } from "@bufbuild/protobuf";
import type { FieldRules, RuleValue } from "./field-rules.ts";
import type { JsonObject, JsonValue } from "./json-object.ts";

/** What a rule is about: its value decides which keywords say the same. */
export type RuleSubject =
  | { readonly kind: "scalar"; readonly scalar: ScalarType }
  | { readonly kind: "enum"; readonly enum: DescEnum }
  | { readonly kind: "list" | "map" | "message" };

/** Formats of OpenAPI by the rules that ask for them. */
const formats: Readonly<Record<string, string>> = {
  email: "email",
  hostname: "hostname",
  ipv4: "ipv4",
  ipv6: "ipv6",
  uri: "uri",
  uri_ref: "uri-reference",
  uuid: "uuid",
};

const bounds: Readonly<Record<string, string>> = {
  gt: "exclusiveMinimum",
  gte: "minimum",
  lt: "exclusiveMaximum",
  lte: "maximum",
};

const wide: ReadonlySet<ScalarType> = new Set([
  ScalarType.INT64,
  ScalarType.UINT64,
  ScalarType.SINT64,
  ScalarType.FIXED64,
  ScalarType.SFIXED64,
]);

/**
 * The keywords of JSON Schema that say what `rules` say, as far as there are any. Bounds of 64-bit integers,
 * which are text in JSON, have names with `x-`.
 */
export function ruleKeywords({ rules, ignoreEmpty }: FieldRules, subject: RuleSubject): JsonObject {
  const keywords: JsonObject = {};
  const patterns: string[] = [];
  for (const [rule, value] of rules) addRule(keywords, patterns, rule, value, subject);
  dropUnboundable(keywords, rules);
  const [pattern] = patterns;
  if (patterns.length === 1 && pattern !== undefined) keywords["pattern"] = pattern;
  else if (patterns.length > 1) keywords["allOf"] = patterns.map((each) => ({ pattern: each }));
  const empty = emptyOf(subject);
  if (!ignoreEmpty || empty === undefined || Object.keys(keywords).length === 0) return keywords;
  return { anyOf: [empty, keywords] };
}

function addRule(
  keywords: JsonObject,
  patterns: string[],
  rule: string,
  value: RuleValue,
  subject: RuleSubject,
): void {
  switch (subject.kind) {
    case "list":
      if (rule === "min_items") keywords["minItems"] = Number(value);
      if (rule === "max_items") keywords["maxItems"] = Number(value);
      if (rule === "unique" && value === true) keywords["uniqueItems"] = true;
      return;
    case "map":
      if (rule === "min_pairs") keywords["minProperties"] = Number(value);
      if (rule === "max_pairs") keywords["maxProperties"] = Number(value);
      return;
    case "enum":
      addChoice(keywords, rule, value, (each) => enumName(subject.enum, Number(each)));
      return;
    case "scalar":
      addScalarRule(keywords, patterns, rule, value, subject.scalar);
      return;
    case "message":
      return;
  }
}

function addScalarRule(
  keywords: JsonObject,
  patterns: string[],
  rule: string,
  value: RuleValue,
  scalar: ScalarType,
): void {
  // Base64 of bytes, and the lengths of it, are not what rules are about.
  if (scalar === ScalarType.BYTES) return;
  addChoice(keywords, rule, value, (each) => (typeof each === "bigint" ? String(each) : each));
  const bound = bounds[rule];
  if (bound !== undefined && typeof value === "bigint") keywords[`x-${bound}`] = String(value);
  else if (bound !== undefined && Number.isFinite(value)) keywords[bound] = Number(value);
  if (scalar !== ScalarType.STRING) return;
  if (rule === "len" || rule === "min_len") keywords["minLength"] = Number(value);
  if (rule === "len" || rule === "max_len") keywords["maxLength"] = Number(value);
  if (rule === "pattern") patterns.push(toEcmaPattern(String(value)));
  if (rule === "prefix") patterns.push(`^${escapePattern(String(value))}`);
  if (rule === "suffix") patterns.push(`${escapePattern(String(value))}$`);
  if (rule === "contains") patterns.push(escapePattern(String(value)));
  if (rule === "not_contains") keywords["not"] = { pattern: escapePattern(String(value)) };
  if (value !== true) return;
  const format = formats[rule];
  if (format !== undefined) keywords["format"] = format;
  if (rule === "ip") keywords["anyOf"] = [{ format: "ipv4" }, { format: "ipv6" }];
  if (rule === "address") {
    keywords["anyOf"] = [{ format: "hostname" }, { format: "ipv4" }, { format: "ipv6" }];
  }
}

function addChoice(
  keywords: JsonObject,
  rule: string,
  value: RuleValue,
  toJson: (each: string | number | bigint) => JsonValue,
): void {
  const list = (Array.isArray(value) ? value : [value]) as (string | number | bigint)[];
  if (rule === "const") {
    keywords["const"] = typeof value === "boolean" ? value : toJson(list[0]!);
  }
  if (rule === "in") keywords["enum"] = list.map(toJson);
  if (rule === "not_in") keywords["not"] = { enum: list.map(toJson) };
  if (rule === "example") keywords["examples"] = list.map(toJson);
}

/** `gt: 10, lt: 5` allows what is outside of the two, which no pair of keywords says. */
function dropUnboundable(keywords: JsonObject, rules: ReadonlyMap<string, RuleValue>): void {
  const low = rules.get("gt") ?? rules.get("gte");
  const high = rules.get("lt") ?? rules.get("lte");
  if (low === undefined || high === undefined || low <= high) return;
  for (const bound of Object.values(bounds)) {
    delete keywords[bound];
    delete keywords[`x-${bound}`];
  }
}

function emptyOf(subject: RuleSubject): JsonObject | undefined {
  switch (subject.kind) {
    case "list":
      return { maxItems: 0 };
    case "map":
      return { maxProperties: 0 };
    case "enum":
      return { const: subject.enum.values[0]?.name ?? "" };
    case "message":
      return undefined;
    case "scalar":
      if (subject.scalar === ScalarType.STRING || subject.scalar === ScalarType.BYTES) {
        return { const: "" };
      }
      if (subject.scalar === ScalarType.BOOL) return { const: false };
      return { const: wide.has(subject.scalar) ? "0" : 0 };
  }
}

function enumName(desc: DescEnum, number: number): JsonValue {
  return desc.value[number]?.name ?? number;
}

function escapePattern(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, (character) =>
    character === "-" || character === "/" ? character : `\\${character}`,
  );
}

/** Rules are in RE2, schemas in ECMAScript: the few that differ in what is written are put over. */
function toEcmaPattern(pattern: string): string {
  return pattern
    .replaceAll("\\A", "^")
    .replaceAll("\\z", "$")
    .replaceAll("\\pL", "\\p{L}")
    .replaceAll("\\pN", "\\p{N}")
    .replaceAll("(?P<", "(?<");
}
