import fc from "fast-check";

/** Why a property does not hold, with the input that shows it; undefined where it holds. */
export function failureOf<T>(
  property: fc.IProperty<T>,
  parameters: fc.Parameters<T>,
): string | undefined {
  const details = fc.check(property, { endOnFailure: true, ...parameters });
  if (!details.failed) return undefined;
  const { errorInstance } = details;
  const cause = errorInstance instanceof Error ? errorInstance.stack : String(errorInstance);
  return `${String(cause)}\n${String(fc.defaultReportMessage(details))}`;
}
