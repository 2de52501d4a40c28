import { KratosError } from "../../../errors/kratos-error.ts";
import type { ClientConnection, ConnectClient } from "../../http2/client-engine.ts";
import type { TargetAddress } from "./target.ts";

/** A connection and what has to be said on it. */
export interface ReadyConnection {
  readonly connection: ClientConnection;
  readonly authority: string;
}

/** Milliseconds after which an address that failed is tried again while others work. */
const retryDelay = 1000;

/** Milliseconds that a connection may take to open. */
const connectTimeout = 10_000;

/**
 * The connections of a client: one for each address, opened when a call first needs them and again after
 * they ended, used in turn.
 */
export class Channel {
  readonly #members: readonly Member[];
  #next = 0;
  #closed = false;

  constructor(targets: readonly TargetAddress[], connect: ConnectClient) {
    this.#members = targets.map((target) => new Member(target, connect));
  }

  /** The next connection that is ready; undefined: wait for {@link connect}. */
  pick(): ReadyConnection | undefined {
    const members = this.#members;
    for (let i = 0; i < members.length; i++) {
      const member = members[(this.#next + i) % members.length] as Member;
      if (member.ready === undefined) {
        if (members.length > 1 && !this.#closed) member.connectInBackground();
        continue;
      }
      this.#next = (this.#next + i + 1) % members.length;
      return member.ready;
    }
    return undefined;
  }

  /** A connection as soon as one address answers. Rejects with 503 when none does. */
  async connect(): Promise<ReadyConnection> {
    if (this.#closed) throw closedError();
    try {
      await Promise.any(this.#members.map((member) => member.connect()));
    } catch (error) {
      if (this.#closed) throw closedError();
      const causes = error instanceof AggregateError ? (error.errors as unknown[]) : [error];
      throw unreachableError(this.#members, causes);
    }
    const ready = this.pick();
    if (ready === undefined) throw unreachableError(this.#members, [closedAtOnce()]);
    return ready;
  }

  /** Cuts all connections; what waits for one fails. */
  close(): void {
    this.#closed = true;
    for (const member of this.#members) member.close();
  }
}

/** One address. */
class Member {
  readonly target: TargetAddress;
  ready: ReadyConnection | undefined;
  readonly #connect: ConnectClient;
  readonly #closing = new AbortController();
  #connecting: Promise<void> | undefined;
  #retryAt = 0;

  constructor(target: TargetAddress, connect: ConnectClient) {
    this.target = target;
    this.#connect = connect;
  }

  connect(): Promise<void> {
    if (this.ready !== undefined) return Promise.resolve();
    this.#connecting ??= this.#open().finally(() => {
      this.#connecting = undefined;
    });
    return this.#connecting;
  }

  connectInBackground(): void {
    if (this.#connecting !== undefined || performance.now() < this.#retryAt) return;
    this.connect().catch(() => {
      this.#retryAt = performance.now() + retryDelay;
    });
  }

  close(): void {
    this.#closing.abort();
    this.ready?.connection.destroy();
    this.ready = undefined;
  }

  async #open(): Promise<void> {
    const attempt = new AbortController();
    const giveUp = (): void => attempt.abort();
    const timer = setTimeout(giveUp, connectTimeout);
    this.#closing.signal.addEventListener("abort", giveUp);
    if (this.#closing.signal.aborted) giveUp();
    try {
      const connection = await this.#connect(this.target.address, attempt.signal, () => {
        if (this.ready?.connection.usable === false) this.ready = undefined;
      });
      if (this.#closing.signal.aborted) connection.destroy();
      if (!connection.usable) throw closedAtOnce();
      this.ready = { connection, authority: this.target.authority };
    } finally {
      clearTimeout(timer);
      this.#closing.signal.removeEventListener("abort", giveUp);
    }
  }
}

function closedAtOnce(): Error {
  return new Error("the connection was closed at once");
}

function closedError(): KratosError {
  return new KratosError(499, "CLIENT_CLOSED", "the client is closed");
}

function unreachableError(members: readonly Member[], causes: readonly unknown[]): KratosError {
  const where = members.map(({ target }) => `"${target.authority}"`).join(", ");
  const [cause] = causes;
  const why = cause instanceof Error ? cause.message : String(cause);
  return new KratosError(503, "UNREACHABLE", `cannot connect to ${where}: ${why}`, { cause });
}
