/** The message of an error, or the text of whatever else was thrown. Never throws. */
export function textOf(thrown: unknown): string {
  try {
    return thrown instanceof Error ? thrown.message : String(thrown);
  } catch {
    return "an error without a text was thrown"; // an object without a prototype, or a hostile one
  }
}
