import { KratosError } from "../../errors/kratos-error.ts";

/** A request that cannot be bound to its message: 400 `CODEC`, as Kratos has it. */
export function bindingError(message: string, cause?: unknown): KratosError<"CODEC"> {
  return new KratosError(400, "CODEC", message, cause === undefined ? {} : { cause });
}

/** {@link bindingError} for one field, in the words of the codecs: `field "n": expected an int32, got "x"`. */
export function fieldError(field: string, reason: string, cause?: unknown): KratosError<"CODEC"> {
  return bindingError(`field "${field}": ${reason}`, cause);
}

/** A text from a request, cut to what an error message should hold of it. */
export function excerpt(text: string): string {
  return JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text);
}
