/** Why the streams that are left after a shutdown, or after the end of their connection's life, die. */
export class ShutdownError extends Error {
  override readonly name = "ShutdownError";

  constructor(message = "the server was told to stop at once") {
    super(message);
  }
}
