/** What a received field means to the protocol; found out once per field, which tables then keep. */
export const FieldKind = {
  regular: 0,
  method: 1,
  scheme: 2,
  authority: 3,
  path: 4,
  contentLength: 5,
  host: 6,
  cookie: 7,
  /** No request may hold it. */
  malformed: 8,
} as const;

/** Bytes that a field counts for above its name and value (RFC 7541, section 4.1). */
const fieldOverhead = 32;

/** One field of a header block, immutable, with what was found out about it. */
export class HeaderField {
  readonly name: string;
  /** One character per byte. */
  readonly value: string;
  /** As tables and limits count it, in bytes. */
  readonly size: number;
  /** One of {@link FieldKind}. */
  readonly kind: number;

  constructor(name: string, value: string) {
    this.name = name;
    this.value = value;
    this.size = name.length + value.length + fieldOverhead;
    this.kind = classify(name, value);
  }
}

/** RFC 9113, sections 8.2 and 8.3.1. */
function classify(name: string, value: string): number {
  if (!isFieldValue(value)) return FieldKind.malformed;
  if (name.startsWith(":")) return classifyPseudo(name, value);
  if (!/^[!#$%&'*+.^_`|~0-9a-z-]+$/.test(name)) return FieldKind.malformed;
  switch (name) {
    case "connection":
    case "keep-alive":
    case "proxy-connection":
    case "transfer-encoding":
    case "upgrade":
      return FieldKind.malformed;
    case "te":
      return value === "trailers" ? FieldKind.regular : FieldKind.malformed;
    case "content-length":
      return /^\d{1,15}$/.test(value) ? FieldKind.contentLength : FieldKind.malformed;
    case "host":
      return FieldKind.host;
    case "cookie":
      return FieldKind.cookie;
    default:
      return FieldKind.regular;
  }
}

function classifyPseudo(name: string, value: string): number {
  switch (name) {
    case ":method":
      return /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(value) ? FieldKind.method : FieldKind.malformed;
    case ":scheme":
      return /^[A-Za-z][A-Za-z0-9+.-]*$/.test(value) ? FieldKind.scheme : FieldKind.malformed;
    case ":authority":
      return FieldKind.authority;
    case ":path":
      return value.startsWith("/") || value === "*" ? FieldKind.path : FieldKind.malformed;
    default:
      return FieldKind.malformed;
  }
}

function isFieldValue(value: string): boolean {
  return !/[\0\r\n]|^[ \t]|[ \t]$/.test(value);
}
