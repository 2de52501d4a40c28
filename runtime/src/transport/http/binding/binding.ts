import type { DescField, DescMessage } from "@bufbuild/protobuf";
import type { HttpBinding } from "../../method.ts";
import { getField, type MessageRecord } from "./field-access.ts";
import { compileMaskFiller } from "./fill-mask.ts";
import { isHttpBody } from "../content/http-body.ts";
import {
  type BodyOptions,
  compileFieldBody,
  compileMessageBody,
  type RequestBody,
} from "./message-body.ts";
import { compilePathBinder, type PathOptions, variableNames } from "./path-binding.ts";
import type { PathTemplate } from "../routing/path-template.ts";
import { QueryBinder } from "./query.ts";

/** Everything that decides how requests become messages. */
export interface BindingOptions extends PathOptions, BodyOptions {
  /** Fill field masks as {@link compileMaskFiller} tells. */
  readonly fillMask: boolean;
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
  const codec = options.codecs.message(input);
  // The compiled reader makes messages faster than create() does.
  const createMessage = () => codec.fromJson({}) as MessageRecord;
  if (body === "*") {
    const read = compileMessageBody(input, pathNames, options);
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
  const claim = field?.oneof === undefined ? undefined : ([field.oneof.name, field.name] as const);
  const fillMask = options.fillMask ? compileMaskFiller(input, rule) : undefined;
  return {
    body: field === undefined ? "none" : isHttpBody(field.message) ? "raw" : "message",
    bind(body, query, segments) {
      const message = createMessage();
      if (body !== undefined) putBody?.(message, body);
      if (query !== "") {
        const isTaken = claim !== undefined && getField(message, field!) !== undefined;
        queryBinder.bind(message, query, isTaken ? claim : undefined);
      }
      if (body !== undefined) fillMask?.(message, body);
      bindPath(message, segments);
      return message;
    },
  };
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
