import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";
import { GrpcCode } from "../../../errors/grpc-code.ts";
import { backoffDelay } from "../../../resilience/backoff.ts";
import type { ClientSink, ClientStream } from "../../http2/client-engine.ts";
import { type HeaderView, ResetCode } from "../../http2/engine.ts";
import { FrameReader, type MessageSink } from "../protocol/frame.ts";
import type { Link } from "./link.ts";

/** How long to wait before a server is asked again that did not want to be watched. */
const retry = { initial: 1000, max: 120_000 };

/** The largest answer that is taken: it holds one number. */
const maxBytes = 4096;

/** A `HealthCheckRequest` that names no service, which means the server as a whole. */
const requestFrame = new Uint8Array(5);

/** `HealthCheckResponse.ServingStatus.SERVING`. */
const serving = 1;

/**
 * Follows what a server says of its health over one connection: `grpc.health.v1.Health/Watch` for the server as a
 * whole. A server that does not have that service is healthy; one that fails to answer is not.
 * https://github.com/grpc/grpc/blob/master/doc/health-checking.md
 */
export class HealthWatch implements ClientSink, MessageSink {
  readonly #link: Link;
  readonly #onStatus: (serving: boolean) => void;
  #reader = new FrameReader(maxBytes);
  #stream: ClientStream | undefined;
  #timer: NodeJS.Timeout | undefined;
  #failures = 0;
  #stopped = false;

  constructor(link: Link, onStatus: (serving: boolean) => void) {
    this.#link = link;
    this.#onStatus = onStatus;
  }

  /** Opens the watch. Statuses are told later, never from here. */
  start(): void {
    this.#reader = new FrameReader(maxBytes);
    this.#stream = this.#link.connection.open(
      [
        [":method", "POST"],
        this.#link.schemeField,
        [":path", "/grpc.health.v1.Health/Watch"],
        this.#link.authorityField,
        ["content-type", "application/grpc"],
        ["te", "trailers"],
      ],
      this,
      true,
    );
    this.#stream?.end(requestFrame);
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
    this.#stream?.reset(ResetCode.CANCEL);
    this.#stream = undefined;
  }

  onHeaders(headers: HeaderView): void {
    if (headers.get(":status") !== "200") this.#end(isUnknown(headers));
  }

  onData(bytes: Uint8Array, start: number, end: number): void {
    if (this.#stream === undefined) return;
    try {
      this.#reader.push(bytes, start, end, this);
    } catch {
      this.#end(false);
    }
  }

  onMessage(bytes: Uint8Array, start: number, end: number, compressed: boolean): void {
    if (compressed) throw new Error("nobody asked for compression");
    this.#failures = 0;
    this.#tell(readStatus(bytes.subarray(start, end)) === serving);
  }

  onEnd(trailers?: HeaderView): void {
    this.#stream = undefined;
    this.#end(trailers !== undefined && isUnknown(trailers));
  }

  onReset(): void {
    this.#stream = undefined;
    this.#end(false);
  }

  onDrain(): void {}

  #tell(serving: boolean): void {
    if (!this.#stopped) this.#onStatus(serving);
  }

  /** `unknown`: the server does not know of health, and is taken for healthy as long as the connection lives. */
  #end(unknown: boolean): void {
    this.#stream?.reset(ResetCode.CANCEL);
    this.#stream = undefined;
    if (this.#stopped || !this.#link.connection.usable) return;
    if (!unknown) {
      this.#failures++;
      const delay = backoffDelay(retry, this.#failures, () => (1 + Math.random()) / 2);
      this.#timer = setTimeout(() => this.start(), delay).unref();
    }
    this.#tell(unknown);
  }
}

/** As gRPC reads the status of HTTP, 404 is a method that is not there. */
function isUnknown(headers: HeaderView): boolean {
  const status = headers.get("grpc-status");
  if (status === undefined) return headers.get(":status") === "404";
  return status === String(GrpcCode.UNIMPLEMENTED);
}

function readStatus(bytes: Uint8Array): number {
  let status = 0;
  const reader = new BinaryReader(bytes);
  while (reader.pos < reader.len) {
    const [field, wire] = reader.tag();
    if (field === 1 && wire === WireType.Varint) status = reader.int32();
    else reader.skip(wire, field);
  }
  return status;
}
