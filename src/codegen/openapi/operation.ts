import { getOption, hasOption } from "@bufbuild/protobuf";
import type { DescField, DescMessage } from "@bufbuild/protobuf";
import { pathVariables } from "@kratos-ts/runtime/path-template";
import { operation as operationAnnotation } from "@kratos-ts/runtime/protos/openapi/v3/annotations_pb.ts";
import { OperationSchema } from "@kratos-ts/runtime/protos/openapi/v3/openapi_pb.ts";
import type { HttpBindingFacts } from "../../model/http-rule.ts";
import type { MethodFacts } from "../../model/service-facts.ts";
import { annotationJson } from "./annotation.ts";
import { summarize } from "./description.ts";
import { compact, type JsonObject } from "./json-object.ts";
import { overlay } from "./overlay.ts";
import { pathParameters, queryParameters } from "./parameters.ts";
import type { DocumentPath } from "./path.ts";
import type { SchemaSet } from "./schema-set.ts";
import { isHttpBody } from "./well-known-schema.ts";

/** What an operation is made from. */
export interface OperationInput {
  readonly method: MethodFacts;
  readonly binding: HttpBindingFacts;
  readonly path: DocumentPath;
  /** One of all operations of the document. */
  readonly id: string;
  readonly schemas: SchemaSet;
}

/** The operation object of one binding of a method. */
export function makeOperation(input: OperationInput): JsonObject {
  const { method, binding, path, id, schemas } = input;
  const { desc } = method;
  const comment = schemas.describe(desc);
  const { summary, description } =
    comment === undefined ? { summary: undefined, description: undefined } : summarize(comment);
  const notes = noteOf(method);
  const text = [description, notes].filter((part) => part !== undefined).join("\n\n");
  const parameters = [
    ...pathParameters(desc.input, path.parameters, schemas),
    ...(binding.body === "*" ? [] : queryParameters(desc.input, boundFields(binding), schemas)),
  ];
  const operation = compact({
    tags: [desc.parent.typeName],
    summary,
    description: text === "" ? undefined : text,
    operationId: id,
    deprecated: desc.deprecated || desc.parent.deprecated || undefined,
    parameters: parameters.length === 0 ? undefined : parameters,
    requestBody: requestBody(input),
    responses: responses(input),
    "x-kratos-path": path.path === binding.path ? undefined : binding.path,
    "x-kratos-stream": method.kind === "unary" ? undefined : method.kind,
  });
  if (!hasOption(desc, operationAnnotation)) return operation;
  const annotation = annotationJson(OperationSchema, getOption(desc, operationAnnotation));
  const { operationId, ...rest } = annotation;
  const merged = overlay(operation, rest);
  // Additional bindings would have the same name.
  if (operationId !== undefined && binding === method.bindings[0]) {
    merged["operationId"] = operationId;
  }
  return merged;
}

/** The schemas of what goes over a WebSocket, where no other field of a document could tell. */
function noteOf({ kind }: MethodFacts): string | undefined {
  switch (kind) {
    case "serverStreaming":
      return 'Replies stream: each event, or each line, holds one message. A stream that fails ends with an event `error`, or with a line `{"error": …}`.';
    case "clientStreaming":
      return "Requests stream: each line of the body holds one message. A WebSocket that is opened with GET at this path takes one message in each frame.";
    case "bidiStreaming":
      return "A WebSocket: each frame holds one message, both ways.";
    case "unary":
      return undefined;
  }
}

/** What does not come by the query: paths of proto names. */
function boundFields({ template, body }: HttpBindingFacts): ReadonlySet<string> {
  const variables = pathVariables(template).map(({ fieldPath }) => fieldPath.join("."));
  return new Set(body === undefined ? variables : [...variables, body]);
}

function requestBody(input: OperationInput): JsonObject | undefined {
  const { method, binding, schemas } = input;
  const { desc, kind } = method;
  if (binding.body === undefined || kind === "bidiStreaming") return undefined;
  const field = binding.body === "*" ? undefined : findField(desc.input, binding.body);
  const message = field === undefined ? desc.input : messageOf(field);
  if (message !== undefined && isHttpBody(message)) {
    return { content: { "*/*": { schema: binarySchema() } }, required: true };
  }
  const schema =
    field === undefined ? wholeBody(desc.input, binding, schemas) : schemas.value(field);
  const type = kind === "clientStreaming" ? "application/x-ndjson" : "application/json";
  return { content: { [type]: { schema } }, required: true };
}

/** The message without what the path holds, which would win. */
function wholeBody(
  input: DescMessage,
  { template }: HttpBindingFacts,
  schemas: SchemaSet,
): JsonObject {
  const inPath = pathVariables(template).flatMap(({ fieldPath: [first, ...rest] }) =>
    first === undefined || rest.length > 0 ? [] : [first],
  );
  return inPath.length === 0 ? schemas.message(input) : schemas.object(input, new Set(inPath));
}

function responses(input: OperationInput): JsonObject {
  const { kind } = input.method;
  const failure = { $ref: "#/components/responses/kratos-error" };
  if (kind === "bidiStreaming") {
    return {
      "101": {
        description: "The WebSocket is open.",
        "x-kratos-sends": streamed(input.method.desc.input, input.schemas),
        "x-kratos-receives": streamed(input.method.desc.output, input.schemas),
      },
      default: failure,
    };
  }
  return { "200": success(input), default: failure };
}

function success({ method, binding, schemas }: OperationInput): JsonObject {
  const { output } = method.desc;
  const field =
    binding.responseBody === undefined ? undefined : findField(output, binding.responseBody);
  const message = field === undefined ? output : messageOf(field);
  const description = (message && schemas.describe(message)) ?? "OK";
  if (message !== undefined && isHttpBody(message)) {
    return { description, content: { "*/*": { schema: binarySchema() } } };
  }
  const schema = field === undefined ? schemas.message(output) : schemas.value(field);
  const content =
    method.kind === "serverStreaming"
      ? { "text/event-stream": { schema }, "application/x-ndjson": { schema } }
      : { "application/json": { schema } };
  return { description, content };
}

function streamed(message: DescMessage, schemas: SchemaSet): JsonObject {
  return isHttpBody(message) ? binarySchema() : schemas.message(message);
}

function binarySchema(): JsonObject {
  return { type: "string", format: "binary" };
}

function findField(message: DescMessage, name: string): DescField | undefined {
  return message.fields.find((field) => field.name === name);
}

/** Of a field that holds one message. */
function messageOf(field: DescField): DescMessage | undefined {
  return field.fieldKind === "message" ? field.message : undefined;
}
