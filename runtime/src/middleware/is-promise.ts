/** Tells the promise of a value from the value. Throws what a hostile `then` throws when it is looked at. */
export function isPromise(value: unknown): value is Promise<unknown> {
  return (
    typeof value === "object" &&
    value !== null &&
    "then" in value &&
    typeof value.then === "function"
  );
}
