import { formatTimeout } from "../deadline.ts";
import type { HeaderView } from "../http2/engine.ts";

/** The headers of a Connect request under the names that gRPC has for them. */
export class RenamedHeaders implements HeaderView {
  readonly #own: HeaderView;
  readonly #encoding: string | undefined;
  readonly #acceptEncoding: string | undefined;

  /** `encoding` is that of the messages, `acceptEncoding` what those of the reply may have. */
  constructor(own: HeaderView, encoding: string | undefined, acceptEncoding: string | undefined) {
    this.#own = own;
    this.#encoding = encoding;
    this.#acceptEncoding = acceptEncoding;
  }

  get tooLarge(): boolean {
    return this.#own.tooLarge ?? false;
  }

  get(name: string): string | undefined {
    switch (name) {
      case "grpc-timeout": {
        const milliseconds = findConnectTimeout(this.#own);
        return milliseconds === undefined ? undefined : formatTimeout(milliseconds);
      }
      case "grpc-encoding":
        return this.#encoding;
      case "grpc-accept-encoding":
        return this.#acceptEncoding;
      default:
        return this.#own.get(name);
    }
  }

  /** The protocol's own fields are left out, as those of gRPC are. */
  forEach(visit: (name: string, value: string) => void): void {
    this.#own.forEach((name, value) => {
      if (!isConnectHeader(name)) visit(name, value);
    });
  }
}

/** Milliseconds that a Connect request allows; NaN when what it says is none. */
export function findConnectTimeout(headers: HeaderView): number | undefined {
  const text = headers.get("connect-timeout-ms");
  if (text === undefined) return undefined;
  return /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
}

function isConnectHeader(name: string): boolean {
  switch (name) {
    case "connect-protocol-version":
    case "connect-timeout-ms":
    case "connect-content-encoding":
    case "connect-accept-encoding":
      return true;
    default:
      return false;
  }
}
