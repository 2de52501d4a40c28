import type { DescField, DescMessage } from "@bufbuild/protobuf";
import { type Codecs, isCodecError } from "../../../codec/index.ts";
import type { HttpRoute, MethodKind } from "../../method.ts";
import { bindingError } from "../binding-error.ts";
import {
  compileFieldEncoder,
  compileMessageEncoder,
  compileReplyDecoder,
  type EncodedBody,
  type ReplyDecoder,
} from "./client-content.ts";
import type { ClientFormat } from "./client-format.ts";
import { expandPath, PathValueError } from "../routing/expand-path.ts";
import { getField, type MessageRecord } from "../binding/field-access.ts";
import { isHttpBody } from "../content/http-body.ts";
import { resolvePathField } from "../binding/path-field.ts";
import { parsePathTemplate, pathVariables } from "../routing/path-template.ts";
import { QueryEncoder } from "../binding/query-encoding.ts";
import { compileTextWriter } from "../binding/value-text.ts";

/** A request as it goes out. */
export interface EncodedRequest extends EncodedBody {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  /** How the body was compressed; absent: it was not. */
  readonly contentEncoding?: "gzip";
}

/** How a client calls one operation. */
export interface ClientRoute {
  readonly operation: string;
  readonly pathTemplate: string;
  /** Throws 400 `CODEC` for a message that does not fit the rule. */
  encode(request: MessageRecord): EncodedRequest;
  /** The body alone, for a message of a stream. Throws 400 `CODEC`. */
  encodeFrame(request: MessageRecord): EncodedBody;
  /** Replies are bytes with a content type of their own. */
  readonly rawReply: boolean;
  /** Throws 500 `CODEC` for a reply that is none. */
  readonly decode: ReplyDecoder;
  /** Whether doing a call twice is as good as once, unless its caller knows better. */
  readonly repeatable: boolean;
}

/** Compiles how an operation is called: by its first rule. Throws an `Error` when the rule is wrong. */
export function compileClientRoute(
  route: HttpRoute<DescMessage, DescMessage, MethodKind>,
  format: ClientFormat["format"],
  codecs: Codecs,
): ClientRoute {
  const [rule] = route.bindings;
  const { responseBody } = rule;
  const method = rule.method === "*" ? "POST" : rule.method;
  const { kind, idempotency } = route;
  const streamsIn = kind === "clientStreaming" || kind === "bidiStreaming";
  // Messages of a stream are sent whole; the path is that of the first.
  const body = rule.body ?? (streamsIn ? "*" : undefined);
  const template = parsePathTemplate(rule.path);
  const variables = pathVariables(template).map(({ fieldPath }) =>
    compileVariable(route.input, fieldPath),
  );
  const ignored = variables.map(({ name }) => name);
  const field = body === undefined || body === "*" ? undefined : findField(route.input, body);
  if (field !== undefined) ignored.push(field.name);
  const query = body === "*" ? undefined : new QueryEncoder(route.input, ignored);
  const bodyFormat = streamsIn ? "json" : format;
  const encodeBody =
    field !== undefined
      ? compileFieldEncoder(field, bodyFormat, codecs)
      : body === "*"
        ? compileMessageEncoder(route.input, bodyFormat, codecs)
        : () => ({ body: undefined, contentType: undefined });

  const replyField = responseBody === undefined ? undefined : findField(route.output, responseBody);
  return {
    operation: route.operation,
    pathTemplate: rule.path,
    encode: (request) =>
      guardRequest(() => {
        const values: Record<string, string> = {};
        for (const { name, read } of variables) values[name] = read(request);
        const path = expandPath(template, values);
        const search = query?.encode(request) ?? "";
        return {
          method,
          path: search === "" ? path : `${path}?${search}`,
          ...encodeBody(request),
        };
      }),
    encodeFrame: (request) => guardRequest(() => encodeBody(request)),
    rawReply: isHttpBody(replyField === undefined ? route.output : replyField.message),
    decode: compileReplyDecoder(route.output, replyField, format, codecs),
    repeatable:
      idempotency === "noSideEffects" ||
      idempotency === "idempotent" ||
      method === "GET" ||
      method === "HEAD",
  };
}

interface Variable {
  readonly name: string;
  readonly read: (request: MessageRecord) => string;
}

function compileVariable(input: DescMessage, fieldPath: readonly string[]): Variable {
  const { name, parents, field } = resolvePathField(input, fieldPath);
  const toTexts = compileTextWriter(field);
  if (toTexts === undefined) throw new Error(`path variable "${name}" is a message without a text`);
  const read = (request: MessageRecord): string => {
    let message: MessageRecord | undefined = request;
    for (const parent of parents)
      message &&= getField(message, parent) as MessageRecord | undefined;
    const value = message && getField(message, field);
    if (value === undefined && field.fieldKind === "message") {
      throw new PathValueError(name, "it is not set");
    }
    return toTexts(value)[0]!;
  };
  return { name, read };
}

function findField(desc: DescMessage, name: string): DescField {
  const field = desc.fields.find((field) => field.name === name);
  if (field === undefined) throw new Error(`"${desc.typeName}" has no field "${name}"`);
  return field;
}

function guardRequest<T>(encode: () => T): T {
  try {
    return encode();
  } catch (error) {
    if (isCodecError(error) || error instanceof PathValueError) {
      throw bindingError(error.message, error);
    }
    throw error;
  }
}
