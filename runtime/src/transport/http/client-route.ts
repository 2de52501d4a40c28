import {
  create,
  type DescField,
  type DescMessage,
  type JsonValue,
  type MessageInitShape,
} from "@bufbuild/protobuf";
import { compileCodec, compileFieldCodec, isCodecError } from "../../codec/index.ts";
import { KratosError } from "../../errors/kratos-error.ts";
import type { Handler } from "../../middleware/middleware.ts";
import type { HttpRoute, MethodKind } from "../method.ts";
import { bindingError, excerpt } from "./binding-error.ts";
import { expandPath, PathValueError } from "./expand-path.ts";
import { getField, type MessageRecord, setField } from "./field-access.ts";
import { bareType, findMessageFormat } from "./media-type.ts";
import { resolvePathField } from "./path-field.ts";
import { parsePathTemplate, pathVariables } from "./path-template.ts";
import { QueryEncoder } from "./query-encoding.ts";
import { compileTextWriter } from "./value-text.ts";

/** A request as it goes out. */
export interface EncodedRequest {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly body: string | Uint8Array | undefined;
  /** Undefined: the client's own, for JSON. */
  readonly contentType: string | undefined;
}

/** How a client calls one operation. */
export interface ClientRoute {
  readonly operation: string;
  readonly pathTemplate: string;
  /** Throws 400 `CODEC` for a message that does not fit the rule. */
  encode(request: MessageRecord): EncodedRequest;
  /** The body alone, for a message of a stream. Throws 400 `CODEC`. */
  encodeFrame(request: MessageRecord): Pick<EncodedRequest, "body" | "contentType">;
  /** Throws 500 `CODEC` for a reply that is none. */
  decode(bytes: Uint8Array, contentType: string): object;
  /** Sends, inside the client's middleware. */
  readonly handler: Handler;
}

/** Compiles how an operation is called: by its first rule. Throws an `Error` when the rule is wrong. */
export function compileClientRoute(
  route: HttpRoute<DescMessage, DescMessage, MethodKind>,
  wrap: (route: ClientRoute) => Handler,
): ClientRoute {
  const [rule] = route.bindings;
  const { method, responseBody } = rule;
  const streamsIn = route.kind === "clientStreaming" || route.kind === "bidiStreaming";
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
  const encodeBody =
    field !== undefined
      ? compileFieldBody(field)
      : body === "*"
        ? compileMessageBody(route.input)
        : () => ({ body: undefined, contentType: undefined });

  const compiled: { -readonly [K in keyof ClientRoute]?: ClientRoute[K] } = {
    operation: route.operation,
    pathTemplate: rule.path,
    encode: (request) =>
      guardRequest(() => {
        const values: Record<string, string> = {};
        for (const { name, read } of variables) values[name] = read(request);
        const path = expandPath(template, values);
        const search = query?.encode(request) ?? "";
        return {
          method: method === "*" ? "POST" : method,
          path: search === "" ? path : `${path}?${search}`,
          ...encodeBody(request),
        };
      }),
    encodeFrame: (request) => guardRequest(() => encodeBody(request)),
    decode: compileDecoder(route.output, responseBody),
  };
  compiled.handler = wrap(compiled as ClientRoute);
  return compiled as ClientRoute;
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

type BodyEncoder = (request: MessageRecord) => Pick<EncodedRequest, "body" | "contentType">;

function compileMessageBody(input: DescMessage): BodyEncoder {
  if (isHttpBody(input)) return httpBody;
  const codec = compileCodec(input, { emitDefaults: false });
  return (request) => ({ body: codec.toJsonString(request), contentType: undefined });
}

function compileFieldBody(field: DescField): BodyEncoder {
  if (field.fieldKind === "message" && isHttpBody(field.message)) {
    return (request) => httpBody((getField(request, field) ?? {}) as MessageRecord);
  }
  const codec = compileFieldCodec(field, { emitDefaults: false });
  return (request) => {
    const value = getField(request, field);
    const unset = value === undefined && field.fieldKind === "message";
    return { body: unset ? "null" : codec.toJsonString(value), contentType: undefined };
  };
}

function httpBody({ contentType, data }: MessageRecord): ReturnType<BodyEncoder> {
  return {
    body: data instanceof Uint8Array ? data : new Uint8Array(),
    contentType:
      typeof contentType === "string" && contentType !== ""
        ? contentType
        : "application/octet-stream",
  };
}

function compileDecoder(
  output: DescMessage,
  responseBody: string | undefined,
): ClientRoute["decode"] {
  if (responseBody === undefined) return compileMessageDecoder(output);
  const field = findField(output, responseBody);
  const decodeMessage =
    field.fieldKind === "message" && !field.message.typeName.startsWith("google.protobuf.")
      ? compileMessageDecoder(field.message)
      : undefined;
  const codec = compileFieldCodec(field);
  return (bytes, contentType) => {
    const message = create(output);
    const value =
      decodeMessage !== undefined
        ? decodeMessage(bytes, contentType)
        : guardReply(() => codec.fromJson(parseJson(bytes, contentType)));
    if (value !== undefined) setField(message as unknown as MessageRecord, field, value);
    return message;
  };
}

function compileMessageDecoder(output: DescMessage): ClientRoute["decode"] {
  if (isHttpBody(output)) {
    return (data, contentType) =>
      create(output, { data, contentType } as MessageInitShape<DescMessage>);
  }
  const codec = compileCodec(output);
  return (bytes, contentType) =>
    guardReply(() => {
      if (bytes.length === 0) return create(output);
      return findMessageFormat(bareType(contentType)) === "binary"
        ? codec.fromBinary(bytes)
        : codec.fromJson(parseJson(bytes, contentType));
    });
}

function parseJson(bytes: Uint8Array, contentType: string): JsonValue {
  const text = new TextDecoder().decode(bytes);
  try {
    return JSON.parse(text) as JsonValue;
  } catch (cause) {
    throw badReply(`it is no JSON but "${contentType}": ${excerpt(text)}`, cause);
  }
}

function findField(desc: DescMessage, name: string): DescField {
  const field = desc.fields.find((field) => field.name === name);
  if (field === undefined) throw new Error(`"${desc.typeName}" has no field "${name}"`);
  return field;
}

function isHttpBody(desc: DescMessage): boolean {
  return desc.typeName === "google.api.HttpBody";
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

function guardReply<T>(decode: () => T): T {
  try {
    return decode();
  } catch (error) {
    if (isCodecError(error)) throw badReply(error.message, error);
    throw error;
  }
}

function badReply(reason: string, cause: unknown): KratosError {
  return new KratosError(500, "CODEC", `the reply cannot be read: ${reason}`, { cause });
}
