import { isAscii } from "node:buffer";
import { create, type DescField, type DescMessage, type JsonValue } from "@bufbuild/protobuf";
import {
  compileCodec,
  compileFieldCodec,
  isCodecError,
  type JsonOptions,
} from "../../codec/index.ts";
import type { HttpBinding } from "../method.ts";
import { bindingError } from "./binding-error.ts";
import { type MessageRecord, openField, setField } from "./field-access.ts";
import type { BodyFormat } from "./media-type.ts";
import { compilePathBinder, type PathOptions, variableNames } from "./path-binding.ts";
import type { PathTemplate } from "./path-template.ts";
import { QueryBinder, type QueryOptions } from "./query.ts";

/** Everything that decides how requests become messages. */
export interface BindingOptions extends PathOptions, QueryOptions {
  readonly json: Partial<JsonOptions>;
}

/** A request's body, read to its end. */
export interface RequestBody {
  readonly bytes: Buffer;
  readonly format: BodyFormat;
  /** As the client named it; empty when it did not. */
  readonly contentType: string;
}

/** How requests of one HTTP rule become messages. */
export interface RequestBinding {
  /** `none`: a body is not looked at. `raw`: any content type will do. */
  readonly body: "none" | "message" | "raw";
  /**
   * Makes the message: the body first, then the query, then the path, which always wins.
   * `segments` are the path's, as they came. Throws 400 `CODEC` that names the field.
   */
  bind(body: RequestBody | undefined, query: string, segments: readonly string[]): object;
}

/**
 * Compiles the binding of a rule. Throws an `Error` that names the field when the rule does not fit
 * the message.
 */
export function compileBinding(
  input: DescMessage,
  rule: HttpBinding,
  template: PathTemplate,
  options: BindingOptions,
): RequestBinding {
  const bindPath = compilePathBinder(input, template, options);
  const pathNames = variableNames(template);
  const { body } = rule;
  const codec = compileCodec(input, options.json);
  // The compiled reader makes messages faster than create() does.
  const createMessage = () => codec.fromJson({}) as MessageRecord;
  if (body === "*") {
    const read = compileBody(input, pathNames, options);
    return {
      body: isHttpBody(input) ? "raw" : "message",
      bind(body, _query, segments) {
        const message = (body === undefined ? createMessage() : read(body)) as MessageRecord;
        bindPath(message, segments);
        return message;
      },
    };
  }

  const field = body === undefined ? undefined : findBodyField(input, body);
  const putBody = field && compileFieldBody(field, options);
  const ignored = field === undefined ? pathNames : [...pathNames, field.name];
  const queryBinder = new QueryBinder(input, ignored, options);
  return {
    body: field === undefined ? "none" : isHttpBody(field.message) ? "raw" : "message",
    bind(body, query, segments) {
      const message = createMessage();
      if (body !== undefined) putBody?.(message, body);
      if (query !== "") queryBinder.bind(message, query);
      bindPath(message, segments);
      return message;
    },
  };
}

/** Whether a message type stands for raw bytes with a content type of their own. */
export function isHttpBody(desc: DescMessage | undefined): boolean {
  return desc?.typeName === "google.api.HttpBody";
}

function findBodyField(input: DescMessage, name: string): DescField {
  const field = input.fields.find((field) => field.name === name);
  if (field === undefined) {
    const candidates = input.fields.map(({ name }) => name).join('", "');
    throw new Error(
      `body "${name}" is no field of "${input.typeName}", write "*" or one of "${candidates}"`,
    );
  }
  return field;
}

/** Reads a body into a message of its own. */
function compileBody(
  desc: DescMessage,
  ignored: Iterable<string>,
  options: BindingOptions,
): (body: RequestBody) => object {
  if (isHttpBody(desc)) {
    return ({ bytes, contentType }) => create(desc, { data: bytes, contentType } as MessageRecord);
  }
  const codec = compileCodec(desc, options.json);
  const form = new QueryBinder(desc, ignored, options);
  return ({ bytes, format }) => {
    if (bytes.length === 0) return create(desc);
    switch (format) {
      case "json":
        return guard(() => codec.fromJsonString(decodeUtf8(bytes)));
      case "binary":
        return guard(() => codec.fromBinary(bytes));
      case "form": {
        const message = create(desc);
        if (bytes[0] === openingBrace) throw bindingError(looksLikeJson);
        form.bind(message as unknown as MessageRecord, decodeUtf8(bytes));
        return message;
      }
    }
  };
}

/** Reads a body into one field of a message. */
function compileFieldBody(
  field: DescField,
  options: BindingOptions,
): (message: MessageRecord, body: RequestBody) => void {
  if (field.fieldKind === "message" && isHttpBody(field.message)) {
    return (message, { bytes, contentType }) => {
      Object.assign(openField(message, field), { data: bytes, contentType });
    };
  }
  const codec = compileFieldCodec(field, options.json);
  const whole =
    field.fieldKind === "message" && field.message.typeName.startsWith("google.protobuf.") === false
      ? compileBody(field.message, [], options)
      : undefined;
  return (message, body) => {
    if (body.bytes.length === 0) return;
    if (body.format === "json") {
      const value = guard(() => codec.fromJson(parseJson(decodeUtf8(body.bytes))));
      if (value !== undefined) setField(message, field, value);
    } else if (whole !== undefined) {
      setField(message, field, whole(body));
    } else {
      throw bindingError(`field "${field.name}": only JSON can be read into it`);
    }
  };
}

function parseJson(text: string): JsonValue {
  try {
    return JSON.parse(text) as JsonValue;
  } catch (cause) {
    throw bindingError(`malformed JSON: ${(cause as Error).message}`, cause);
  }
}

const strictUtf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function decodeUtf8(bytes: Buffer): string {
  // A copy of the bytes, where each is a character.
  if (isAscii(bytes)) return bytes.toString("latin1");
  try {
    return strictUtf8.decode(bytes);
  } catch (cause) {
    throw bindingError("the body is not UTF-8", cause);
  }
}

function guard<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (isCodecError(error)) throw bindingError(error.message, error);
    throw error;
  }
}

const openingBrace = 0x7b;

/** What `curl -d '{…}'` sends says that it is a form, and would be read as one field of a long name. */
const looksLikeJson =
  'the body looks like JSON and came as a form, send the header "Content-Type: application/json"';
