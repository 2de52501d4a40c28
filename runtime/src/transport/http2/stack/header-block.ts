import type { HeaderView } from "../engine.ts";
import type { HeaderField } from "./header-field.ts";
import { FieldKind } from "./header-field.ts";

/** A received header block, checked as it grows. Unchanged once decoded, so that requests may share one. */
export class HeaderBlock implements HeaderView {
  /** `content-length`; -1 when there is none. */
  contentLength = -1;
  /** Bytes of all fields as limits count them. */
  size = 0;
  /** No request may look like this. */
  malformed = false;
  tooLarge = false;
  #method: string | undefined = undefined;
  #scheme: string | undefined = undefined;
  #authority: string | undefined = undefined;
  #path: string | undefined = undefined;
  #host: string | undefined = undefined;
  /** Clients may send a cookie in pieces (RFC 9113, section 8.2.3). */
  #cookies: string[] | undefined = undefined;
  readonly #fields: HeaderField[] = [];
  readonly #maxSize: number;

  /** Fields beyond `maxSize` bytes are left out; see {@link tooLarge}. */
  constructor(maxSize: number) {
    this.#maxSize = maxSize;
  }

  add(field: HeaderField): void {
    this.size += field.size;
    if (this.size > this.#maxSize) {
      this.tooLarge = true;
      return;
    }
    switch (field.kind) {
      case FieldKind.regular:
        this.#fields.push(field);
        return;
      case FieldKind.method:
        this.#addPseudo(this.#method);
        this.#method = field.value;
        return;
      case FieldKind.scheme:
        this.#addPseudo(this.#scheme);
        this.#scheme = field.value;
        return;
      case FieldKind.authority:
        this.#addPseudo(this.#authority);
        this.#authority = field.value;
        return;
      case FieldKind.path:
        this.#addPseudo(this.#path);
        this.#path = field.value;
        return;
      case FieldKind.contentLength:
        this.#addContentLength(field);
        return;
      case FieldKind.host:
        if (this.#host !== undefined) this.malformed = true;
        this.#host = field.value;
        this.#fields.push(field);
        return;
      case FieldKind.cookie:
        if (this.#cookies === undefined) this.#cookies = [field.value];
        else this.#cookies.push(field.value);
        return;
      default:
        this.malformed = true;
    }
  }

  /** Whether this may open a stream (RFC 9113, section 8.3.1). */
  get isRequest(): boolean {
    if (this.malformed || this.#method === undefined) return false;
    if (this.#method === "CONNECT") {
      const plain = this.#scheme === undefined && this.#path === undefined;
      return plain && this.#authority !== undefined;
    }
    // What was left out may have been one of them.
    if (this.tooLarge) return true;
    return (
      this.#scheme !== undefined && this.#path !== undefined && this.#hasOneAuthority(this.#scheme)
    );
  }

  /** Whether this may end a stream: trailers hold no pseudo-headers. */
  get isTrailers(): boolean {
    const { malformed } = this;
    return (
      !malformed && (this.#method ?? this.#scheme ?? this.#authority ?? this.#path) === undefined
    );
  }

  get(name: string): string | undefined {
    switch (name) {
      case ":method":
        return this.#method;
      case ":path":
        return this.#path;
      case ":scheme":
        return this.#scheme;
      case ":authority":
        return this.#authority;
      case "cookie":
        return this.#cookies?.join("; ");
      default:
        return this.#find(name);
    }
  }

  forEach(visit: (name: string, value: string) => void): void {
    for (const { name, value } of this.#fields) visit(name, value);
    if (this.#cookies !== undefined) visit("cookie", this.#cookies.join("; "));
  }

  #find(name: string): string | undefined {
    const fields = this.#fields;
    let found: string | undefined;
    for (let i = 0; i < fields.length; i++) {
      const field = fields[i] as HeaderField;
      if (field.name !== name) continue;
      if (found === undefined) found = field.value;
      else found += `, ${field.value}`;
    }
    return found;
  }

  /** `host` may say nothing else than `:authority` (RFC 9113, section 8.3.1); gRPC-Go takes requests without both. */
  #hasOneAuthority(scheme: string): boolean {
    const host = this.#host;
    const authority = this.#authority;
    if (host === undefined || authority === undefined) return true;
    return host === authority || withoutPort(host, scheme) === withoutPort(authority, scheme);
  }

  #addPseudo(present: string | undefined): void {
    const isLate = this.#fields.length > 0 || this.#cookies !== undefined;
    if (present !== undefined || isLate) this.malformed = true;
  }

  #addContentLength(field: HeaderField): void {
    const length = Number(field.value);
    if (this.contentLength !== -1 && this.contentLength !== length) this.malformed = true;
    this.contentLength = length;
    this.#fields.push(field);
  }
}

/** An authority to compare: in lower case, and without the port that `scheme` stands for. */
function withoutPort(authority: string, scheme: string): string {
  const port = scheme === "https" ? ":443" : ":80";
  const text = authority.toLowerCase();
  return text.endsWith(port) ? text.slice(0, -port.length) : text;
}
