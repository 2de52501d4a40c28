import type { IncomingMessage, ServerResponse } from "node:http";
import type { PeerCertificate, TLSSocket } from "node:tls";
import { KratosError } from "../../../errors/kratos-error.ts";
import type { Field, Fields, HeaderView, StreamSink } from "../../http2/engine.ts";
import { HeaderSet, ResetCode } from "../../http2/engine.ts";
import type { ConnectionInfo, ServerStream } from "../../http2/server-engine.ts";
import { socketAddress } from "../../http2/socket-address.ts";
import { ShutdownError } from "../../shutdown-error.ts";
import { forwardedAddress } from "../filter/trust-proxy.ts";
import { Connection, type OpenCall, type OpenCalls } from "../listener/connection.ts";
import { HeaderMap } from "../header-map.ts";
import { breakOff } from "../reply/break-off.ts";
import type { ReplyCompressor } from "../reply/compression.ts";
import { dropLateWrites } from "../reply/late-writes.ts";
import { type ResponseSettings, sendError } from "../reply/response.ts";

/** What is thrown away of a body that nobody reads any more before the connection is cut. */
const maxDiscardedBytes = 16 * 1024 * 1024;

/** What streams need of their server. */
export interface RpcHost extends ResponseSettings {
  /** Packs whole bodies; undefined: they go out as they are. */
  readonly compressor: ReplyCompressor | undefined;
}

/** A request of HTTP and its response as a stream that a call of gRPC runs on. */
export class HttpRpcStream implements ServerStream, OpenCall {
  nextOnConnection: OpenCall | undefined;
  readonly headers: HeaderView;
  readonly connection: ConnectionInfo;
  readonly #host: RpcHost;
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  #calls: OpenCalls | undefined;
  #sink: StreamSink | undefined;
  #over = false;
  #endless = false;
  /** The head of a reply that comes as a whole; it is sent with the body. */
  #head: readonly Field[] | undefined;
  #discarded = 0;

  constructor(host: RpcHost, request: IncomingMessage, response: ServerResponse) {
    this.#host = host;
    this.#request = request;
    this.#response = response;
    this.headers = new RequestHeaders(request);
    this.connection = new RequestConnection(request);
  }

  /**
   * Tells `sink` what comes from now on. `endless`: the client may send for as long as it likes, where HTTP
   * itself does not mind.
   */
  open(sink: StreamSink, endless: boolean): void {
    this.#endless = endless && this.#request.httpVersionMajor > 1;
    const request = this.#request;
    const response = this.#response;
    if (!this.#over) {
      this.#sink = sink;
      this.#calls = Connection.ofRequest(request);
      this.#calls?.add(this);
      dropLateWrites(response);
      response.on("drain", () => this.#sink?.onDrain());
    }
    request.on("data", (bytes: Buffer) => this.#receive(bytes));
    request.on("end", () => this.#receiveEnd());
  }

  respond(fields: Fields, endStream = false): void {
    if (this.#over || this.#response.headersSent) return;
    const all = fields instanceof HeaderSet ? fields.fields : fields;
    // The response of Node has no head that ends the stream: what is in one with a status comes behind it.
    const trailers = endStream ? all.filter(([name]) => name.startsWith("grpc-")) : [];
    const head = trailers.length > 0 ? all.filter((field) => !trailers.includes(field)) : all;
    if (!endStream && this.#host.compressor !== undefined && isWhole(head)) this.#head = head;
    else this.#sendHead(head);
    if (endStream) this.end(trailers);
  }

  write(bytes: Uint8Array): boolean {
    return this.#over || this.#response.write(bytes);
  }

  end(trailers: Fields, last: Uint8Array = nothing): void {
    if (this.#over) return;
    const head = this.#head;
    if (head !== undefined) {
      this.#head = undefined;
      this.#sendWhole(head, last);
      return;
    }
    const fields = trailers instanceof HeaderSet ? trailers.fields : trailers;
    if (fields.length > 0) this.#response.addTrailers(toObject(fields));
    this.#endWith(last);
  }

  reset(_code: number): void {
    if (this.#over) return;
    this.#finish();
    breakOff(this.#response);
  }

  pause(): void {
    if (!this.#over) this.#request.pause();
  }

  resume(): void {
    this.#request.resume();
  }

  onConnectionLost(reason: "client" | "server"): void {
    const cause = reason === "server" ? new ShutdownError() : undefined;
    if (cause !== undefined) this.#sink?.onCutOff?.(cause); // it may answer still
    const sink = this.#finish();
    sink?.onReset(ResetCode.CANCEL, cause);
  }

  onProtocolError(status: number, message: string): void {
    if (this.#request.complete || this.#over) return;
    if (status === 408 && this.#endless) return;
    this.#response.shouldKeepAlive = false;
    const sink = this.#finish();
    sendError(this.#response, new KratosError(status, "CODEC", message), undefined, this.#host);
    sink?.onReset(ResetCode.PROTOCOL_ERROR);
  }

  /** Sends a reply, packed if the client wants it so. */
  #sendWhole(head: readonly Field[], body: Uint8Array): void {
    const { compressor } = this.#host;
    const contentType = head.find(([name]) => name === "content-type")?.[1] ?? "";
    const header = new HeaderMap();
    for (const [name, value] of head)
      if (isOfBody(name) && name !== "content-length") header.add(name, value);
    const encoding = compressor?.concerns({ contentType, body })
      ? compressor.negotiate(contentType, header, this.#request.headers["accept-encoding"])
      : undefined;
    const rest = head.filter(([name]) => !isOfBody(name));
    const kept = header
      .keys()
      .flatMap((name) => header.values(name).map((value): Field => [name, value]));
    if (compressor === undefined || encoding === undefined) {
      this.#sendHead([...rest, ...kept, ["content-length", String(body.length)]]);
      this.#endWith(body);
      return;
    }
    compressor.pack(body, encoding, (error, packed) => {
      if (this.#over) return;
      const sent = error === null ? packed : body;
      const own: Field[] = [["content-length", String(sent.length)]];
      if (error === null) own.push(["content-encoding", encoding]);
      this.#sendHead([...rest, ...kept, ...own]);
      this.#endWith(sent);
    });
  }

  #endWith(last: Uint8Array): void {
    this.#finish();
    if (last.length === 0) this.#response.end();
    else this.#response.end(last);
  }

  #receive(bytes: Buffer): void {
    if (!this.#over) {
      this.#sink?.onData(bytes, 0, bytes.length);
      return;
    }
    // A client sees an answer only if it can finish sending.
    this.#discarded += bytes.length;
    if (this.#discarded > maxDiscardedBytes) this.#request.socket.destroy();
  }

  #receiveEnd(): void {
    if (!this.#over && this.#request.complete) this.#sink?.onEnd();
  }

  #sendHead(fields: readonly Field[]): void {
    const response = this.#response;
    const { draining, keepAlive } = this.#host;
    let status = 200;
    const sent: string[] = [];
    for (const [name, value] of fields) {
      if (name === ":status") status = Number(value);
      else if (name === "vary") {
        // What a filter has said stays true, and would be replaced.
        for (const each of [response.getHeader(name) ?? [], value].flat()) {
          sent.push(name, String(each));
        }
      } else sent.push(name, value);
    }
    if (draining) {
      const { socket } = this.#request;
      if (Connection.of(socket)?.closesAfter(response) !== false) sent.push("Connection", "close");
    } else if (keepAlive !== "" && response.shouldKeepAlive) sent.push("Keep-Alive", keepAlive);
    response.writeHead(status, sent);
  }

  /** The stream is over, for both sides: nobody is told any more. */
  #finish(): StreamSink | undefined {
    const sink = this.#sink;
    this.#over = true;
    this.#sink = undefined;
    this.#calls?.remove(this);
    this.#calls = undefined;
    this.#request.resume();
    return sink;
  }
}

/** The headers of a request, with what HTTP/2 has for the first line. */
class RequestHeaders implements HeaderView {
  readonly #request: IncomingMessage;

  constructor(request: IncomingMessage) {
    this.#request = request;
  }

  get(name: string): string | undefined {
    if (name === ":method") return this.#request.method;
    if (name === ":path") return this.#request.url;
    const value = this.#request.headers[name];
    return typeof value === "object" ? value.join(", ") : value;
  }

  forEach(visit: (name: string, value: string) => void): void {
    const { rawHeaders } = this.#request;
    for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
      const name = rawHeaders[index]!.toLowerCase();
      if (!name.startsWith(":")) visit(name, rawHeaders[index + 1]!);
    }
  }
}

/** The connection of a request, as far as somebody asks. */
class RequestConnection implements ConnectionInfo {
  readonly #request: IncomingMessage;

  constructor(request: IncomingMessage) {
    this.#request = request;
  }

  /** That of the client itself, where a proxy is believed. */
  get remoteAddress(): string {
    const request = this.#request;
    return forwardedAddress(request) ?? Connection.ofRequest(request)?.peer ?? "";
  }

  get localAddress(): string {
    const { localAddress, localPort } = this.#request.socket;
    return socketAddress(localAddress, localPort);
  }

  get encrypted(): boolean {
    return "encrypted" in this.#request.socket;
  }

  peerCertificate(): PeerCertificate | undefined {
    if (!this.encrypted) return undefined;
    const certificate = (this.#request.socket as TLSSocket).getPeerCertificate();
    return certificate.subject === undefined ? undefined : certificate;
  }
}

const nothing = new Uint8Array(0);

/** Whether a reply is sent as a whole, and is no failure, which is too small to be packed. */
function isWhole(head: readonly Field[]): boolean {
  return head.some(([name]) => name === "content-length") && head[0]?.[1] === "200";
}

/** Fields by which it is decided how a body goes out, and that tell of it. */
function isOfBody(name: string): boolean {
  switch (name) {
    case "cache-control":
    case "content-encoding":
    case "content-length":
    case "vary":
      return true;
    default:
      return false;
  }
}

function toObject(fields: readonly Field[]): Record<string, string | string[]> {
  // No name is there already: "constructor" may be one.
  const object = Object.create(null) as Record<string, string | string[]>;
  for (const [name, value] of fields) {
    const present = object[name];
    object[name] = present === undefined ? value : [present, value].flat();
  }
  return object;
}
