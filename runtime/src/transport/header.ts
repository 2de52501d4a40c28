/**
 * Request or reply headers, the same over HTTP and gRPC (Kratos's `transport.Header`).
 * Names are case-insensitive and come back in lower case. Over gRPC this is the metadata;
 * values of names that end in `-bin` are base64 text here.
 */
export interface Header {
  /** The first value of `name`, or `undefined`. */
  get(name: string): string | undefined;
  /** Every value of `name`, in order of arrival; empty when there is none. */
  values(name: string): readonly string[];
  /** Replaces all values of `name`. */
  set(name: string, value: string): void;
  /** Adds a value after those that `name` has. */
  add(name: string, value: string): void;
  /** The names present, in lower case, each once. */
  keys(): readonly string[];
}
