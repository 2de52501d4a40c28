/** Why the streams that are left after a shutdown die. */
export class ShutdownError extends Error {
  override readonly name = "ShutdownError";

  constructor() {
    super("the server was told to stop at once");
  }
}
