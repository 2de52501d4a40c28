import {
  getOption,
  hasOption,
  type DescField,
  type DescMessage,
  type DescMethod,
} from "@bufbuild/protobuf";
import {
  parsePathTemplate,
  PathTemplateError,
  pathVariables,
  type PathTemplate,
} from "@kratos-ts/runtime/path-template";
import { http } from "@kratos-ts/runtime/protos/google/api/annotations_pb.ts";
import { HttpRuleSchema, type HttpRule } from "@kratos-ts/runtime/protos/google/api/http_pb.ts";
import { findField, findFieldPath, listFields } from "./field-path.ts";
import type { Place, Reporter } from "./reporter.ts";

/** One rule of `google.api.http`, checked against the messages of its method. */
export interface HttpBindingFacts {
  /** In upper case; `*` for any. */
  readonly method: string;
  /** As written. */
  readonly path: string;
  readonly template: PathTemplate;
  /** `*` or the name of a field in the proto; `undefined`: no body. */
  readonly body: string | undefined;
  /** The name of a field in the proto; `undefined`: the whole reply. */
  readonly responseBody: string | undefined;
  /** The method has no rule: this is what stands for one where such methods are served too. */
  readonly unbound: boolean;
  readonly place: Place;
}

/** What is let pass, and what is added to the rules that are there. */
export interface HttpRuleOptions {
  /** Accept `body` on GET, HEAD and DELETE. */
  readonly allowGetBody: boolean;
  /** Serve methods without a rule at `POST /<package>.<Service>/<Method>`. */
  readonly unboundMethods: boolean;
}

const methodNameField = 1;
const methodOptionsField = 4;
const ruleFields = HttpRuleSchema.field;

/** Messages with a JSON form of one string or number, which a path can hold. */
const scalarMessages =
  /^google\.protobuf\.(?:Timestamp|Duration|FieldMask|(?:Double|Float|U?Int(?:32|64)|Bool|String|Bytes)Value)$/;

/** How many fields a message names at most. */
const shownFields = 3;

/** Reads the rule of a method and its additional bindings, in this order; reports all that is wrong. */
export function readHttpBindings(
  desc: DescMethod,
  options: HttpRuleOptions,
  reporter: Reporter,
): HttpBindingFacts[] {
  if (!hasOption(desc, http)) return options.unboundMethods ? [bindByName(desc)] : [];
  const rule = getOption(desc, http);
  const rulePath = [methodOptionsField, http.number];
  const read = (binding: HttpRule, inner: readonly number[]): HttpBindingFacts[] => {
    const facts = readBinding(desc, binding, inner, options, reporter);
    return facts === undefined ? [] : [facts];
  };
  return [
    ...read(rule, rulePath),
    ...rule.additionalBindings.flatMap((binding, index) => {
      const inner = [...rulePath, ruleFields.additionalBindings.number, index];
      const place = { declaration: desc, inner };
      if (binding.additionalBindings.length > 0) {
        reporter.error(
          place,
          `an additional binding of method "${desc.name}" has additional bindings of its own`,
          "move them up beside it, one level is all there is",
        );
      }
      if (binding.body !== rule.body) {
        reporter.warn(
          place,
          `this binding of method "${desc.name}" has body ${quote(binding.body)}, the first has ${quote(rule.body)}`,
          "clients of the two have to send different requests",
        );
      }
      return read(binding, inner);
    }),
  ];
}

function readBinding(
  desc: DescMethod,
  rule: HttpRule,
  inner: readonly number[],
  { allowGetBody }: HttpRuleOptions,
  reporter: Reporter,
): HttpBindingFacts | undefined {
  const at = (field: { readonly number: number } | undefined): Place => ({
    declaration: desc,
    inner: field === undefined ? inner : [...inner, field.number],
  });
  const pattern = readPattern(rule);
  if (pattern === undefined) {
    reporter.error(
      at(undefined),
      `the http rule of method "${desc.name}" has no path`,
      'write for instance get: "/v1/things/{id}"',
    );
    return undefined;
  }
  const { method, path } = pattern;
  if (!/^(?:\*|[A-Z][A-Z-]*)$/.test(method)) {
    reporter.error(
      at(ruleFields.custom),
      `"${method}" is no HTTP method`,
      'use a name such as "HEAD"',
    );
    return undefined;
  }
  checkBody(desc, method, rule.body, at(ruleFields.body), allowGetBody, reporter);
  checkResponseBody(desc, rule.responseBody, at(ruleFields.responseBody), reporter);
  const place = at(HttpRuleSchema.oneofs[0]?.fields.find((f) => f.localName === rule.pattern.case));
  const template = readTemplate(path, place, reporter);
  if (template === undefined) return undefined;
  const variables = pathVariables(template).map(({ fieldPath }) => fieldPath);
  for (const fieldPath of variables) {
    checkVariable(desc, path, fieldPath, rule.body, place, reporter);
  }
  checkBodyless(desc, method, rule.body, variables, place, reporter);
  return {
    method,
    path,
    template,
    body: rule.body === "" ? undefined : rule.body,
    responseBody:
      rule.responseBody === "" || rule.responseBody === "*" ? undefined : rule.responseBody,
    unbound: false,
    place,
  };
}

/** The path that the method has over gRPC, and the whole message as the body, whichever way messages stream. */
function bindByName(desc: DescMethod): HttpBindingFacts {
  const path = `/${desc.parent.typeName}/${desc.name}`;
  return {
    method: "POST",
    path,
    template: parsePathTemplate(path),
    body: "*",
    responseBody: undefined,
    unbound: true,
    place: { declaration: desc, inner: [methodNameField] },
  };
}

function readPattern(rule: HttpRule): { method: string; path: string } | undefined {
  switch (rule.pattern.case) {
    case undefined:
      return undefined;
    case "custom":
      return { method: rule.pattern.value.kind.toUpperCase(), path: rule.pattern.value.path };
    default:
      return { method: rule.pattern.case.toUpperCase(), path: rule.pattern.value };
  }
}

function readTemplate(path: string, place: Place, reporter: Reporter): PathTemplate | undefined {
  try {
    return parsePathTemplate(path);
  } catch (error) {
    if (!(error instanceof PathTemplateError)) throw error;
    const where = `at character ${error.offset + 1} of path "${path}"`;
    reporter.error(place, `${error.reason}, ${where}`, error.hint);
    return undefined;
  }
}

function checkVariable(
  desc: DescMethod,
  path: string,
  fieldPath: readonly string[],
  body: string,
  place: Place,
  reporter: Reporter,
): void {
  const name = fieldPath.join(".");
  const found = findFieldPath(desc.input, fieldPath);
  if (!found.ok) {
    const reason = found.reason === `unknown field "${name}"` ? "" : `: ${found.reason}`;
    const message =
      reason === ""
        ? `path "${path}" names unknown field "${name}"`
        : `path variable "${name}"${reason}, in path "${path}"`;
    reporter.error(place, message, found.hint);
    return;
  }
  const { field } = found;
  const kind = describeNonScalar(field);
  if (kind !== undefined) {
    reporter.error(
      place,
      `path variable "${name}" is ${kind}, in path "${path}"`,
      "a path can hold single values only: take a field inside it, or move it to the body or the query",
    );
  } else if (field.fieldKind === "message") {
    reporter.warn(
      place,
      `path variable "${name}" is a "${field.message.typeName}", which other implementations refuse`,
    );
  }
  if (body === name) {
    reporter.warn(
      place,
      `field "${body}" is the body and a path variable: the path wins`,
      "take one of them out of the rule",
    );
  }
}

function describeNonScalar(field: DescField): string | undefined {
  switch (field.fieldKind) {
    case "list":
      return "repeated";
    case "map":
      return "a map";
    case "message":
      return scalarMessages.test(field.message.typeName) ? undefined : "a message";
    default:
      return undefined;
  }
}

function checkBody(
  desc: DescMethod,
  method: string,
  body: string,
  place: Place,
  allowGetBody: boolean,
  reporter: Reporter,
): void {
  if (body === "") return;
  // What streams in comes over a WebSocket, which is opened with GET whatever the rule says.
  const streamsIn = desc.methodKind === "client_streaming" || desc.methodKind === "bidi_streaming";
  if (!allowGetBody && !streamsIn && ["GET", "DELETE", "HEAD"].includes(method)) {
    reporter.error(
      place,
      `${method} of method "${desc.name}" has a body, which proxies and clients drop`,
      "take body out of the rule, all fields then come by path and query",
    );
  }
  if (body === "*") return;
  if (body.includes(".")) {
    reporter.error(
      place,
      `body "${body}" lies inside another field`,
      "name a field of the request itself",
    );
  } else if (findField(desc.input, body) === undefined) {
    reporter.error(place, `body names unknown field "${body}"`, listFields(desc.input, body));
  }
}

/** Without a body all other fields come from the query, which few mean where a request has a body. */
function checkBodyless(
  desc: DescMethod,
  method: string,
  body: string,
  variables: readonly (readonly string[])[],
  place: Place,
  reporter: Reporter,
): void {
  if (desc.methodKind === "client_streaming" || desc.methodKind === "bidi_streaming") return;
  if (body !== "" || !["POST", "PUT", "PATCH"].includes(method)) return;
  const left = listOutside(desc.input, variables);
  if (left.length === 0) return;
  reporter.warn(
    place,
    `${method} of method "${desc.name}" has no body: ${listFew(left)} can only come from the query, a JSON body is ignored`,
    'add body: "*" to the rule',
  );
}

function listFew(names: readonly string[]): string {
  const shown = names.slice(0, shownFields).map((name) => `"${name}"`);
  const more = names.length - shown.length;
  return more === 0 ? shown.join(", ") : `${shown.join(", ")} and ${more} more`;
}

/** The fields of `message` that none of `variables` holds, with their paths. */
function listOutside(message: DescMessage, variables: readonly (readonly string[])[]): string[] {
  return message.fields.flatMap((field) => {
    const inside = variables.filter(([first]) => first === field.name).map(([, ...rest]) => rest);
    if (inside.some((rest) => rest.length === 0)) return [];
    if (inside.length === 0 || field.fieldKind !== "message") return [field.name];
    return listOutside(field.message, inside).map((name) => `${field.name}.${name}`);
  });
}

function checkResponseBody(
  desc: DescMethod,
  responseBody: string,
  place: Place,
  reporter: Reporter,
): void {
  if (responseBody === "" || responseBody === "*") return;
  if (findField(desc.output, responseBody) !== undefined) return;
  const hint = listFields(desc.output, responseBody);
  reporter.error(place, `response_body names unknown field "${responseBody}"`, hint);
}

function quote(body: string): string {
  return body === "" ? "none" : `"${body}"`;
}
