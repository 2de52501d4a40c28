import type { DescMessage } from "@bufbuild/protobuf";
import type { HttpBinding } from "../../method.ts";
import { type BindingOptions, compileBinding, type RequestBinding } from "./binding.ts";
import { getField, type MessageRecord, setField } from "./field-access.ts";
import type { RequestBody } from "./message-body.ts";
import type { PathTemplate } from "../routing/path-template.ts";

/** How the messages of a stream of requests are made. */
export interface StreamBinding {
  /** `raw`: of bytes, whatever their content type. */
  readonly body: "message" | "raw";
  /**
   * Begins a stream with what its head holds. The path counts for each of its messages and always wins, the
   * query for the first alone. Throws 400 `CODEC`, of which nothing is left to be found later.
   */
  open(query: string, segments: readonly string[]): MessageReader;
}

/** Makes one message after the other. Throws 400 `CODEC`. */
export interface MessageReader {
  read(body: RequestBody): object;
}

/**
 * Compiles how the requests of a stream become messages. What a message comes in holds the whole of it, or
 * the field that the rule names. Throws an `Error` when the rule does not fit the message.
 */
export function compileStreamBinding(
  input: DescMessage,
  rule: HttpBinding,
  template: PathTemplate,
  options: BindingOptions,
): StreamBinding {
  const wanted = compileBinding(input, { ...rule, body: rule.body ?? "*" }, template, options);
  // Where the rule leaves all to the query, clients still send whole messages.
  const head = rule.body === undefined ? compileBinding(input, rule, template, options) : undefined;
  return {
    body: wanted.body === "raw" ? "raw" : "message",
    open(query, segments) {
      const first = (head ?? wanted).bind(undefined, query, segments) as MessageRecord;
      if (head === undefined) return new Reader(wanted, query, segments);
      return new Reader(wanted, "", segments, (message) => complete(input, message, first));
    },
  };
}

class Reader implements MessageReader {
  readonly #binding: RequestBinding;
  readonly #segments: readonly string[];
  #query: string;
  #complete: ((message: MessageRecord) => void) | undefined;

  constructor(
    binding: RequestBinding,
    query: string,
    segments: readonly string[],
    complete?: (message: MessageRecord) => void,
  ) {
    this.#binding = binding;
    this.#query = query;
    this.#segments = segments;
    this.#complete = complete;
  }

  read(body: RequestBody): object {
    const message = this.#binding.bind(body, this.#query, this.#segments);
    this.#query = "";
    this.#complete?.(message as MessageRecord);
    this.#complete = undefined;
    return message;
  }
}

/** Sets what `message` leaves unset from `other`. */
function complete(desc: DescMessage, message: MessageRecord, other: MessageRecord): void {
  for (const field of desc.fields) {
    const value = getField(other, field);
    if (isUnset(value) || !isUnset(getField(message, field))) continue;
    if (field.oneof !== undefined && isChosen(message, field.oneof.localName)) continue;
    setField(message, field, value);
  }
}

function isChosen(message: MessageRecord, oneof: string): boolean {
  return (message[oneof] as { case?: string } | undefined)?.case !== undefined;
}

/** Whether this is what a field holds that nobody has set, or that holds the default anyway. */
function isUnset(value: unknown): boolean {
  if (Array.isArray(value) || value instanceof Uint8Array) return value.length === 0;
  if (typeof value === "object" && value !== null) {
    return !("$typeName" in value) && Object.keys(value).length === 0;
  }
  return (
    value === undefined ||
    value === null ||
    value === "" ||
    value === 0 ||
    value === 0n ||
    value === false
  );
}
