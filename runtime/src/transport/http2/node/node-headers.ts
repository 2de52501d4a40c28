import type { IncomingHttpHeaders, OutgoingHttpHeaders } from "node:http2";
import type { Fields, HeaderView } from "../engine.ts";
import { HeaderSet } from "../engine.ts";

/** A received header block of `node:http2`: the object for look-ups, the list for everything else. */
export class NodeHeaders implements HeaderView {
  readonly tooLarge: boolean;
  readonly #object: IncomingHttpHeaders;
  readonly #list: readonly string[];

  /** `list` alternates names and values, which together may have `maxBytes`. */
  constructor(
    object: IncomingHttpHeaders,
    list: readonly string[],
    maxBytes: number = Number.POSITIVE_INFINITY,
  ) {
    this.#object = object;
    this.#list = list;
    this.tooLarge = countBytes(list) > maxBytes;
  }

  get(name: string): string | undefined {
    const value: unknown = this.#object[name];
    // `:status` is a number here, `set-cookie` a list.
    return value === undefined || typeof value === "string" ? value : String(value);
  }

  forEach(visit: (name: string, value: string) => void): void {
    for (let i = 0; i + 1 < this.#list.length; i += 2) {
      const name = this.#list[i] as string;
      if (!name.startsWith(":")) visit(name, this.#list[i + 1] as string);
    }
  }
}

/** As RFC 9113, section 10.5.1, counts: 32 bytes for each field beside its own. */
function countBytes(list: readonly string[]): number {
  let bytes = list.length * 16;
  for (let i = 0; i < list.length; i++) bytes += (list[i] as string).length;
  return bytes;
}

/** Fields in the shape that `node:http2` sends, which it copies and never changes. */
export function toNodeHeaders(fields: Fields): OutgoingHttpHeaders {
  if (!(fields instanceof HeaderSet)) return toObject(fields);
  fields.encoded ??= toObject(fields.fields);
  return fields.encoded as OutgoingHttpHeaders;
}

/** What properties have that come from an assignment. */
const asAssigned = { configurable: true, enumerable: true, writable: true };

function toObject(fields: HeaderSet["fields"]): OutgoingHttpHeaders {
  // A plain object: Node copies it for every call, which takes three times as long for one without a prototype.
  const object: Record<string, string | string[]> = {};
  for (const [name, value] of fields) {
    if (Object.hasOwn(object, name)) {
      const present = object[name] as string | string[];
      if (typeof present === "string") object[name] = [present, value];
      else present.push(value);
    } else if (name === "__proto__") {
      Object.defineProperty(object, name, { value, ...asAssigned });
    } else {
      object[name] = value;
    }
  }
  return object;
}
