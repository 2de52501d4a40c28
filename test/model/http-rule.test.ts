import {
  create,
  createFileRegistry,
  type DescFile,
  fromBinary,
  fromJson,
  type JsonObject,
  setExtension,
} from "@bufbuild/protobuf";
import {
  FileDescriptorProtoSchema,
  type FileDescriptorProto,
  FileDescriptorSetSchema,
  MethodOptionsSchema,
} from "@bufbuild/protobuf/wkt";
import { http } from "@kratos-ts/runtime/protos/google/api/annotations_pb.ts";
import { HttpRuleSchema } from "@kratos-ts/runtime/protos/google/api/http_pb.ts";
import { HttpServer, RouteRuleError } from "@kratos-ts/runtime/http";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { buildSchemaBytes } from "../../runtime/test/http/schema.ts";
import { collisionCases, grammarCases } from "../../runtime/test/http/transcoding/grammar.ts";
import { type Diagnostic, formatDiagnostic } from "../../src/diagnostic.ts";
import type { Emit } from "../../src/model/emit.ts";
import { type Model, readModel } from "../../src/model/model.ts";

const schema = fromBinary(FileDescriptorSetSchema, buildSchemaBytes());
const emit: ReadonlySet<Emit> = new Set(["http"]);

describe("a rule", () => {
  test.for(grammarCases)(
    "$id $title",
    ({ rule, error, warning, bindings, bidi, unboundMethods }) => {
      const { files, diagnostics } = read([rule], { bidi, unboundMethods });

      for (const [severity, pattern] of [
        ["error", error],
        ["warning", warning],
      ] as const) {
        const texts = textsOf(diagnostics, severity);
        expect(texts).toHaveLength(pattern === undefined ? 0 : 1);
        expect(texts.join()).toMatch(pattern ?? /^$/);
      }
      const found = files[0]!.services[0]!.methods[0]!.bindings.length;
      expect(error ? "any" : found).toBe(error ? "any" : (bindings ?? 1));
    },
  );

  test.for(grammarCases.filter(({ id }) => id === "A24" || id === "A25"))(
    "$id is let pass where it is asked for: $title",
    ({ rule }) => {
      expect(read([rule], { allowGetBody: true }).diagnostics).toEqual([]);
    },
  );
});

test("a method without a rule is served by its name, with its message as the body", () => {
  const { files } = read([undefined, { get: "/v1" }], { unboundMethods: true });

  const routes = files[0]!.services[0]!.methods.map(({ bindings }) =>
    bindings.map(({ template: _template, place: _place, ...rest }) => rest),
  );
  const responseBody = undefined;
  expect(routes).toEqual([
    [{ method: "POST", path: "/test.Calls/Call0", body: "*", responseBody, unbound: true }],
    [{ method: "GET", path: "/v1", body: undefined, responseBody, unbound: false }],
  ]);
});

test("a method without a rule has its name as its path, whatever other rules say", () => {
  const { diagnostics } = read(
    [{ custom: { kind: "post", path: "/test.Calls/Call1" }, body: "*" }, undefined],
    {
      unboundMethods: true,
    },
  );

  expect(diagnostics.map(formatDiagnostic)).toEqual([
    'test.proto:1:1: error: "POST /test.Calls/Call1" of "test.Calls.Call1" collides with "POST /test.Calls/Call1" of "test.Calls.Call0", test.proto:1:1\n  method "Call1" has no rule and is served by its name: give it a rule, or the other another path',
  ]);
});

test.for(collisionCases)("$id two rules: $title", ({ rules, collide }) => {
  const { diagnostics } = read(rules);

  const collision = expect.stringMatching(
    /^test\.proto:1:1: error: .*"test\.Calls\.Call1" collides with .*"test\.Calls\.Call0", test\.proto:1:1\n {2}give one of them another path or verb$/,
  );
  expect(diagnostics.map(formatDiagnostic)).toEqual(collide ? [collision] : []);
});

const R = createFileRegistry(schema).getMessage("test.v1.R")!;
const fieldName = fc.oneof(
  fc.constantFrom(...R.fields.map(({ name }) => name)),
  fc.constantFrom("sub", "book", "subfield", "num", "seconds", "value", "missing", "displayName"),
);
const fieldPath = fc
  .array(fieldName, { minLength: 1, maxLength: 2 })
  .map((names) => names.join("."));
const segment = fc.oneof(
  fc.constantFrom("v1", "*", "a%20b", "a b", ""),
  fc
    .tuple(fieldPath, fc.constantFrom("", "=*", "=a/*", "=**"))
    .map((parts) => `{${parts.join("")}}`),
);
const anyRule = fc
  .record({
    kind: fc.constantFrom("get", "put", "post", "delete", "patch"),
    segments: fc.array(segment, { minLength: 1, maxLength: 2 }),
    verb: fc.constantFrom("", "", ":run"),
    body: fc.oneof(fc.constantFrom("", "*"), fieldPath),
    responseBody: fc.oneof(fc.constant(""), fieldName),
  })
  .map(({ kind, segments, verb, body, responseBody }) => ({
    [kind]: `/${segments.join("/")}${verb}`,
    body,
    responseBody,
  }));

test("the generator accepts the rules that a server accepts", () => {
  const seen = { accepted: 0, refused: 0 };
  fc.assert(
    fc.property(anyRule, (rule) => {
      const errors = textsOf(read([rule], { allowGetBody: true }).diagnostics, "error");
      const isServed = canServe(rule);
      expect({ errors: errors.length > 0 }).toEqual({ errors: !isServed });
      if (isServed) seen.accepted++;
      else seen.refused++;
    }),
    { numRuns: 300 },
  );
  expect(Math.min(seen.accepted, seen.refused)).toBeGreaterThan(10);
});

function canServe(rule: JsonObject): boolean {
  const { pattern, body, responseBody } = fromJson(HttpRuleSchema, rule);
  const binding = {
    method: pattern.case!.toUpperCase(),
    path: pattern.value as string,
    ...(body !== "" && { body }),
    ...(responseBody !== "" && { responseBody }),
  };
  const route = { operation: "/test.Calls/Call", input: R, output: R };
  try {
    new HttpServer().handle({ ...route, bindings: [binding] }, () => ({}));
    return true;
  } catch (error) {
    if (error instanceof RouteRuleError) return false;
    throw error;
  }
}

interface ReadOptions {
  readonly bidi?: boolean | undefined;
  readonly allowGetBody?: boolean | undefined;
  readonly unboundMethods?: boolean | undefined;
}

/** Reads a service with a method for each rule. */
function read(
  rules: readonly (JsonObject | undefined)[],
  { bidi = false, allowGetBody = false, unboundMethods = false }: ReadOptions = {},
): Model {
  const file = create(FileDescriptorProtoSchema, {
    name: "test.proto",
    package: "test",
    syntax: "proto3",
    dependency: ["test/v1/transcoding.proto", "google/api/annotations.proto"],
    service: [
      {
        name: "Calls",
        method: rules.map((rule, index) => ({
          name: `Call${index}`,
          inputType: ".test.v1.R",
          outputType: ".test.v1.R",
          clientStreaming: bidi,
          serverStreaming: bidi,
          options: toOptions(rule),
        })),
      },
    ],
  });
  return readModel([toDesc(file)], {
    emit: () => emit,
    displayPath: ({ proto }) => proto.name,
    isConfig: () => false,
    http: { allowGetBody, unboundMethods },
  });
}

function toOptions(rule: JsonObject | undefined) {
  const options = create(MethodOptionsSchema);
  if (rule !== undefined) setExtension(options, http, fromJson(HttpRuleSchema, rule));
  return options;
}

function toDesc(file: FileDescriptorProto): DescFile {
  const set = create(FileDescriptorSetSchema, { file: [...schema.file, file] });
  return createFileRegistry(set).getFile(file.name)!;
}

/** The messages of one severity, with their hints. */
function textsOf(diagnostics: readonly Diagnostic[], severity: Diagnostic["severity"]): string[] {
  return diagnostics
    .filter((diagnostic) => diagnostic.severity === severity)
    .map(({ message, hint = "" }) => `${message}\n${hint}`);
}
