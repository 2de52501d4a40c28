import { ConnectionError, ErrorCode } from "./error-code.ts";
import type { FloodGuard } from "./flood-guard.ts";
import { FrameFlag, FrameType, maxWindow, readUint31, readUint32 } from "./frame.ts";
import type { FrameSink } from "./frame-reader.ts";
import { HeaderAssembly } from "./header-assembly.ts";
import type { HeaderBlock } from "./header-block.ts";
import type { HpackDecoder } from "./hpack-decoder.ts";
import type { Http2Limits } from "./limits.ts";
import type { ReceiveWindow } from "./receive-window.ts";
import type { Sender } from "./sender.ts";
import type { SettingsSink } from "./settings.ts";
import { readSettings, settingBytes } from "./settings.ts";
import type { Http2Stream } from "./stream.ts";
import type { StreamTable } from "./stream-table.ts";

/** What a {@link Receiver} needs of its connection. */
export interface ReceiverHost {
  readonly limits: Http2Limits;
  readonly sender: Sender;
  readonly streams: StreamTable;
  /** A request has come, well-formed but for {@link HeaderBlock.tooLarge}. */
  openStream(id: number, headers: HeaderBlock, endStream: boolean): void;
  /** The client has sent its settings, or taken note of ours. */
  onSettings(ack: boolean): void;
  /** A ping of the client; throws when it is one too many. */
  onPing(): void;
  /** The answer to a ping of ours. */
  onPong(): void;
  /** The client opens no more streams; `message` is what it wrote beside the code. */
  onGoaway(code: number, message: string): void;
  encoderTableSize(bytes: number): void;
}

/** What the frames of a client do, and whether they may (RFC 9113, sections 5 and 6). */
export class Receiver implements FrameSink, SettingsSink {
  /** Receive window of the connection. */
  readonly window: ReceiveWindow;
  readonly #host: ReceiverHost;
  readonly #decoder: HpackDecoder;
  readonly #flood: FloodGuard;
  #settingsReceived = false;
  /** A header block that is not complete. */
  #assembly: HeaderAssembly | undefined = undefined;
  /** The stream of the DATA frame that is being read; undefined when it is over. */
  #dataStream: Http2Stream | undefined = undefined;
  #dataEndsStream = false;

  constructor(host: ReceiverHost, decoder: HpackDecoder, window: ReceiveWindow, flood: FloodGuard) {
    this.window = window;
    this.#host = host;
    this.#decoder = decoder;
    this.#flood = flood;
  }

  /** Whether a header block has begun and not ended. */
  get inHeaders(): boolean {
    return this.#assembly !== undefined;
  }

  /** Kills a stream for what the client did with it. Throws when it did that too often. */
  resetStream(id: number, code: number): void {
    const { sender, streams } = this.#host;
    sender.sendReset(id, code);
    const stream = streams.get(id);
    if (stream === undefined) streams.ignore(id);
    else stream.die(code);
    this.#flood.countReset();
  }

  onFrameHeader(type: number, flags: number, id: number): void {
    if (!this.#settingsReceived && (type !== FrameType.SETTINGS || (flags & FrameFlag.ACK) !== 0)) {
      throw protocolError("the first frame is not SETTINGS");
    }
    const assembly = this.#assembly;
    if (assembly === undefined) {
      if (type === FrameType.CONTINUATION) throw protocolError("CONTINUATION of no header block");
    } else if (type !== FrameType.CONTINUATION || id !== assembly.id) {
      throw protocolError("a header block that is interrupted");
    }
  }

  onFrame(
    type: number,
    flags: number,
    id: number,
    bytes: Uint8Array,
    start: number,
    end: number,
  ): void {
    switch (type) {
      case FrameType.HEADERS:
        this.#onHeaders(flags, id, bytes, start, end);
        return;
      case FrameType.WINDOW_UPDATE:
        this.#onWindowUpdate(id, bytes, start, end);
        return;
      case FrameType.RST_STREAM:
        this.#onReset(id, bytes, start, end);
        return;
      case FrameType.CONTINUATION:
        this.#onContinuation(flags, bytes, start, end);
        return;
      case FrameType.SETTINGS:
        this.#onSettings(flags, id, bytes, start, end);
        return;
      case FrameType.PING:
        this.#onPing(flags, id, bytes, start, end);
        return;
      case FrameType.GOAWAY:
        this.#onGoaway(id, bytes, start, end);
        return;
      case FrameType.PRIORITY:
        this.#onPriority(id, bytes, start, end);
        return;
      case FrameType.PUSH_PROMISE:
        throw protocolError("PUSH_PROMISE from a client");
      default:
        this.#flood.countControl(); // unknown frames are ignored
    }
  }

  onDataStart(flags: number, id: number, length: number): void {
    const stream = id === 0 ? undefined : this.#host.streams.get(id);
    this.window.take(length);
    this.#dataStream = undefined;
    this.#dataEndsStream = (flags & FrameFlag.END_STREAM) !== 0;
    if (length === 0 && !this.#dataEndsStream) this.#flood.countControl();
    if (stream === undefined) {
      this.#checkClosed(id, "DATA");
      return;
    }
    if (stream.requestEnded) {
      this.resetStream(id, ErrorCode.STREAM_CLOSED);
      return;
    }
    if (!stream.takeWindow(length)) {
      this.resetStream(id, ErrorCode.FLOW_CONTROL_ERROR);
      return;
    }
    this.#dataStream = stream;
  }

  onDataBytes(bytes: Uint8Array, start: number, end: number): void {
    const stream = this.#dataStream;
    if (stream !== undefined && !stream.closed && !stream.receive(bytes, start, end)) {
      this.resetStream(stream.id, ErrorCode.PROTOCOL_ERROR);
    }
    this.window.credit(end - start);
  }

  onDataPadding(length: number): void {
    this.#dataStream?.credit(length);
    this.window.credit(length);
  }

  onDataEnd(): void {
    const stream = this.#dataStream;
    if (stream === undefined) return;
    this.#dataStream = undefined;
    if (this.#dataEndsStream && !stream.closed && !stream.receiveEnd()) {
      this.resetStream(stream.id, ErrorCode.PROTOCOL_ERROR);
    }
  }

  onHeaderTableSize(bytes: number): void {
    this.#host.encoderTableSize(bytes);
  }

  onInitialWindowSize(bytes: number): void {
    const { sender, streams } = this.#host;
    const change = bytes - sender.initialWindow;
    if (change === 0) return;
    sender.initialWindow = bytes;
    for (const stream of streams.toArray()) {
      stream.sendWindow += change;
      if (stream.sendWindow > maxWindow) {
        throw new ConnectionError(ErrorCode.FLOW_CONTROL_ERROR, "a stream window above 2^31-1");
      }
      if (stream.hasQueued) sender.wait(stream);
    }
  }

  /** Larger frames than everybody takes are not sent. */
  onMaxFrameSize(): void {}

  #onHeaders(flags: number, id: number, bytes: Uint8Array, from: number, to: number): void {
    if (id === 0) throw protocolError("HEADERS on stream 0");
    let start = from;
    let end = to;
    if ((flags & FrameFlag.PADDED) !== 0) {
      if (start === end) throw sizeError("HEADERS");
      end -= bytes[start++] as number;
    }
    let selfDependent = false;
    if ((flags & FrameFlag.PRIORITY) !== 0) {
      if (end - start < 5) throw sizeError("HEADERS");
      selfDependent = readUint31(bytes, start) === id;
      start += 5;
    }
    if (start > end) throw protocolError("HEADERS with more padding than payload");
    const endStream = (flags & FrameFlag.END_STREAM) !== 0;
    this.#checkHeadersAllowed(id);
    if ((flags & FrameFlag.END_HEADERS) !== 0) {
      this.#onBlock(id, this.#decoder.decode(bytes, start, end), endStream, selfDependent);
      return;
    }
    this.#assembly = new HeaderAssembly(this.#host.limits, id, endStream, selfDependent);
    this.#assembly.add(bytes, start, end);
  }

  #onContinuation(flags: number, bytes: Uint8Array, start: number, end: number): void {
    const assembly = this.#assembly as HeaderAssembly;
    if (start === end) this.#flood.countControl();
    assembly.add(bytes, start, end);
    if ((flags & FrameFlag.END_HEADERS) === 0) return;
    this.#assembly = undefined;
    const block = assembly.join();
    const { id, endStream, selfDependent } = assembly;
    this.#onBlock(id, this.#decoder.decode(block, 0, block.length), endStream, selfDependent);
  }

  /** What is an error of the connection is found before its state is touched. */
  #checkHeadersAllowed(id: number): void {
    const { streams } = this.#host;
    if (id > streams.lastId) {
      if ((id & 1) === 0) throw protocolError("a stream with an even id from a client");
      return;
    }
    const stream = streams.get(id);
    if (stream === undefined) this.#checkClosed(id, "HEADERS");
  }

  #onBlock(id: number, headers: HeaderBlock, endStream: boolean, selfDependent: boolean): void {
    const { streams } = this.#host;
    const stream = streams.get(id);
    if (stream !== undefined) {
      this.#onTrailers(stream, headers, endStream);
      return;
    }
    if (id <= streams.lastId) {
      this.#flood.countControl(); // a stream that this side has closed
      return;
    }
    streams.lastId = id;
    if (selfDependent || !headers.isRequest || (endStream && headers.contentLength > 0)) {
      this.resetStream(id, ErrorCode.PROTOCOL_ERROR);
      if (endStream) streams.unignore(id);
      return;
    }
    this.#host.openStream(id, headers, endStream);
  }

  #onTrailers(stream: Http2Stream, trailers: HeaderBlock, endStream: boolean): void {
    if (stream.requestEnded) this.resetStream(stream.id, ErrorCode.STREAM_CLOSED);
    else if (!endStream || !trailers.isTrailers || !stream.receiveEnd(trailers)) {
      this.resetStream(stream.id, ErrorCode.PROTOCOL_ERROR);
    }
  }

  #onWindowUpdate(id: number, bytes: Uint8Array, start: number, end: number): void {
    if (end - start !== 4) throw sizeError("WINDOW_UPDATE");
    const increment = readUint31(bytes, start);
    const { sender, streams } = this.#host;
    this.#flood.countControl();
    if (id === 0) {
      if (increment === 0) throw protocolError("WINDOW_UPDATE by nothing");
      sender.widen(increment);
      return;
    }
    const stream = streams.get(id);
    if (stream === undefined) {
      this.#checkNotIdle(id, "WINDOW_UPDATE");
      return;
    }
    if (increment === 0) {
      this.resetStream(id, ErrorCode.PROTOCOL_ERROR);
      return;
    }
    stream.sendWindow += increment;
    if (stream.sendWindow > maxWindow) {
      this.resetStream(id, ErrorCode.FLOW_CONTROL_ERROR);
    } else if (stream.hasQueued) {
      sender.wait(stream);
      sender.pump();
    }
  }

  #onReset(id: number, bytes: Uint8Array, start: number, end: number): void {
    if (end - start !== 4) throw sizeError("RST_STREAM");
    this.#checkNotIdle(id, "RST_STREAM");
    const { streams } = this.#host;
    const stream = streams.get(id);
    if (stream === undefined) {
      streams.unignore(id);
      this.#flood.countControl();
      return;
    }
    stream.die(readUint32(bytes, start));
    streams.unignore(id);
    this.#flood.countReset();
  }

  #onSettings(flags: number, id: number, bytes: Uint8Array, start: number, end: number): void {
    if (id !== 0) throw protocolError("SETTINGS on a stream");
    const length = end - start;
    if ((flags & FrameFlag.ACK) !== 0) {
      if (length > 0) throw sizeError("SETTINGS");
      this.#flood.countControl();
      this.#host.onSettings(true);
      return;
    }
    if (length % settingBytes !== 0) throw sizeError("SETTINGS");
    if (length / settingBytes > maxSettings) {
      throw new ConnectionError(ErrorCode.ENHANCE_YOUR_CALM, "too many settings", "controls");
    }
    this.#flood.countControl();
    this.#settingsReceived = true;
    readSettings(bytes, start, end, this);
    const { sender } = this.#host;
    sender.sendSettingsAck();
    sender.pump();
    this.#host.onSettings(false);
  }

  #onPing(flags: number, id: number, bytes: Uint8Array, start: number, end: number): void {
    if (id !== 0) throw protocolError("PING on a stream");
    if (end - start !== 8) throw sizeError("PING");
    this.#flood.countControl();
    if ((flags & FrameFlag.ACK) !== 0) {
      this.#host.onPong();
      return;
    }
    this.#host.sender.sendPing(bytes, start, FrameFlag.ACK);
    this.#host.onPing();
  }

  #onGoaway(id: number, bytes: Uint8Array, start: number, end: number): void {
    if (id !== 0) throw protocolError("GOAWAY on a stream");
    if (end - start < 8) throw sizeError("GOAWAY");
    this.#flood.countControl();
    const told = bytes.subarray(start + 8, Math.min(end, start + 8 + maxGoawayText));
    const message = Buffer.from(told).toString();
    this.#host.onGoaway(readUint32(bytes, start + 4), message);
  }

  #onPriority(id: number, bytes: Uint8Array, start: number, end: number): void {
    if (id === 0) throw protocolError("PRIORITY on stream 0");
    this.#flood.countControl();
    if (end - start !== 5) this.#failStream(id, ErrorCode.FRAME_SIZE_ERROR);
    else if (readUint31(bytes, start) === id) this.#failStream(id, ErrorCode.PROTOCOL_ERROR);
  }

  /** The error of a frame that does not need its stream to be open. */
  #failStream(id: number, code: number): void {
    if (id > this.#host.streams.lastId) throw new ConnectionError(code, "PRIORITY that cannot be");
    this.resetStream(id, code);
  }

  /** A frame for a stream that is not open: it may have been, and this side was the one to end it. */
  #checkClosed(id: number, name: string): void {
    this.#checkNotIdle(id, name);
    if (!this.#host.streams.isIgnored(id)) {
      throw new ConnectionError(ErrorCode.STREAM_CLOSED, `${name} on a closed stream`);
    }
  }

  #checkNotIdle(id: number, name: string): void {
    if (id === 0 || id > this.#host.streams.lastId || (id & 1) === 0) {
      throw protocolError(`${name} on a stream that was never opened`);
    }
  }
}

/** Settings of one frame. */
const maxSettings = 32;

/** Bytes of a client's goodbye that somebody reads. */
const maxGoawayText = 256;

function protocolError(what: string): ConnectionError {
  return new ConnectionError(ErrorCode.PROTOCOL_ERROR, what);
}

function sizeError(name: string): ConnectionError {
  return new ConnectionError(ErrorCode.FRAME_SIZE_ERROR, `${name} of a wrong size`);
}
