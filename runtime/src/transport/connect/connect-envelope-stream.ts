import { GrpcCode } from "../../errors/grpc-code.ts";
import type { Field, Fields } from "../http2/engine.ts";
import type { ServerStream } from "../http2/server-engine.ts";
import { listFields, readCallStatus } from "./call-status.ts";
import type { WebContent } from "./content-type.ts";
import { encodeLastEnvelope, endStreamFlag } from "./envelope.ts";
import { toErrorJson } from "./error-json.ts";
import { RenamedHeaders } from "./renamed-headers.ts";
import { findField, handlerFields, noTrailers, TranslatedStream } from "./translated-stream.ts";

/** A stream of the Connect protocol: frames as in gRPC, and an envelope with the outcome in place of trailers. */
export class ConnectEnvelopeStream extends TranslatedStream {
  readonly headers: RenamedHeaders;
  readonly #content: WebContent;
  #begun = false;

  constructor(outer: ServerStream, content: WebContent) {
    super(outer);
    const { headers } = outer;
    const accepted = headers.get("connect-accept-encoding");
    this.headers = new RenamedHeaders(headers, headers.get("connect-content-encoding"), accepted);
    this.#content = content;
  }

  override respond(fields: Fields, endStream = false): void {
    if (endStream) {
      this.end(fields);
      return;
    }
    this.#begin(listFields(fields));
  }

  override write(bytes: Uint8Array): boolean {
    return this.outer.write(bytes);
  }

  override end(trailers: Fields, last?: Uint8Array): void {
    if (!this.answer()) return;
    const status = readCallStatus(trailers);
    const isAll = !this.#begun;
    if (isAll) this.#begin(listFields(trailers));
    const error = status.code === GrpcCode.OK ? undefined : toErrorJson(status);
    const metadata = isAll ? {} : toMetadataJson(handlerFields(status.metadata));
    const text = JSON.stringify({ error, metadata });
    this.outer.end(noTrailers, encodeLastEnvelope(endStreamFlag, text, last));
  }

  #begin(fields: readonly Field[]): void {
    this.#begun = true;
    const sent: Field[] = [
      [":status", "200"],
      ["content-type", this.#content.reply],
    ];
    const encoding = findField(fields, "grpc-encoding");
    if (encoding !== undefined) sent.push(["connect-content-encoding", encoding]);
    const accepted = findField(fields, "grpc-accept-encoding");
    if (accepted !== undefined) sent.push(["connect-accept-encoding", accepted]);
    this.outer.respond([...sent, ...handlerFields(fields)]);
  }
}

/** All values of each name. */
function toMetadataJson(fields: readonly Field[]): Readonly<Record<string, readonly string[]>> {
  const values = new Map<string, string[]>();
  for (const [name, value] of fields) values.set(name, [...(values.get(name) ?? []), value]);
  return Object.fromEntries(values);
}
