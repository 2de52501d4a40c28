/** An HTTP rule does not fit its messages. */
export class RouteRuleError extends Error {
  override readonly name = "RouteRuleError";
  readonly operation: string;

  constructor(operation: string, reason: string, cause?: unknown) {
    super(
      `"${operation}" cannot be served: ${reason}`,
      cause === undefined ? undefined : { cause },
    );
    this.operation = operation;
  }
}
