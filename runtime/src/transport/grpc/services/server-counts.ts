import type { ConnectionInfo, EngineLimit, ServerConnection } from "../../http2/server-engine.ts";
import { CallCounts } from "./call-counts.ts";

/** What a `GrpcServer` has counted since it was made. A snapshot: it does not change. */
export interface GrpcServerStats {
  readonly connections: {
    readonly open: number;
    /** All there were, those open included. */
    readonly opened: number;
    /** Clients that did not come through the hand-shake of TLS. */
    readonly handshakesFailed: number;
  };
  /** Calls of methods that the server has, over all protocols that it speaks. */
  readonly calls: {
    readonly open: number;
    readonly started: number;
    /** Ended with the status `OK`. */
    readonly succeeded: number;
    /** Ended with another status, or given up by their callers. */
    readonly failed: number;
    /** In milliseconds since the epoch; undefined: there was none. */
    readonly lastStarted: number | undefined;
  };
  readonly messages: { readonly received: number; readonly sent: number };
  /** How often clients were held to a bound. */
  readonly limits: Readonly<Record<EngineLimit, number>>;
  /** How often either side said that a connection is to end. */
  readonly goaways: { readonly received: number; readonly sent: number };
}

/** A connection and what came by it. */
export class ConnectionRecord {
  readonly id: number;
  readonly info: ConnectionInfo;
  readonly calls: CallCounts;

  constructor(id: number, info: ConnectionInfo, sum: CallCounts) {
    this.id = id;
    this.info = info;
    this.calls = new CallCounts(sum);
  }
}

/** Where connections get their numbers from; what comes before is the server itself, and its listener. */
const firstConnection = 3;

/** What a server counts. Per call that is a few additions. */
export class ServerCounts {
  readonly calls: CallCounts = new CallCounts();
  /** Those open, in the order of their numbers. */
  readonly connections: Map<number, ConnectionRecord> = new Map();
  readonly #limits: Record<EngineLimit, number> = {
    streams: 0,
    headers: 0,
    resets: 0,
    controls: 0,
    memory: 0,
    silence: 0,
  };
  readonly #goaways = { received: 0, sent: 0 };
  #opened = 0;
  #handshakesFailed = 0;

  open(connection: ServerConnection): void {
    const record = new ConnectionRecord(firstConnection + this.#opened, connection, this.calls);
    this.#opened++;
    this.connections.set(record.id, record);
    connection.record = record;
  }

  close({ record }: ServerConnection): void {
    if (record instanceof ConnectionRecord) this.connections.delete(record.id);
  }

  failHandshake(): void {
    this.#handshakesFailed++;
  }

  goaway(sender: "client" | "server"): void {
    this.#goaways[sender === "client" ? "received" : "sent"]++;
  }

  limit(limit: EngineLimit): void {
    this.#limits[limit]++;
  }

  /** Where the calls of a connection are counted: with the server's alone, if nobody has told of it. */
  findCalls({ record }: ServerConnection): CallCounts {
    // What is there was put there by open(): it is looked at in every call.
    return record === undefined ? this.calls : (record as ConnectionRecord).calls;
  }

  snapshot(): GrpcServerStats {
    const { started, succeeded, failed, lastStarted, received, sent } = this.calls;
    return {
      connections: {
        open: this.connections.size,
        opened: this.#opened,
        handshakesFailed: this.#handshakesFailed,
      },
      calls: {
        open: started - succeeded - failed,
        started,
        succeeded,
        failed,
        lastStarted: lastStarted === 0 ? undefined : lastStarted,
      },
      messages: { received, sent },
      limits: { ...this.#limits },
      goaways: { ...this.#goaways },
    };
  }
}
