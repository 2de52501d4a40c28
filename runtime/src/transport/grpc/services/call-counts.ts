/** Counts the calls and messages of a connection, and with them those of its server. */
export class CallCounts {
  started = 0;
  succeeded = 0;
  failed = 0;
  /** When the last call began, in milliseconds since the epoch; 0: there was none. */
  lastStarted = 0;
  received = 0;
  sent = 0;
  /** Where all of that is counted as well. */
  readonly #sum: CallCounts | undefined;

  constructor(sum?: CallCounts) {
    this.#sum = sum;
  }

  /** A call began at `now`. */
  start(now: number): void {
    this.started++;
    this.lastStarted = now;
    this.#sum?.start(now);
  }

  /** A call ended with the status `OK`. */
  succeed(): void {
    this.succeeded++;
    this.#sum?.succeed();
  }

  /** A call ended with another status, or its caller left. */
  fail(): void {
    this.failed++;
    this.#sum?.fail();
  }

  /** A message came. */
  receive(): void {
    this.received++;
    this.#sum?.receive();
  }

  /** A message was sent. */
  send(): void {
    this.sent++;
    this.#sum?.send();
  }
}
