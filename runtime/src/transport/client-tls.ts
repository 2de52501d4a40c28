import type { SecureContextOptions } from "node:tls";

/** Certificates of a client, as PEM text. */
export interface ClientTlsOptions {
  /** The authorities that servers' certificates must come from, in place of those that Node knows. */
  readonly ca?: string | readonly string[] | undefined;
  /** The client's own certificate, for servers that ask for one, with its intermediates. */
  readonly cert?: string | undefined;
  /** The private key of `cert`. */
  readonly key?: string | undefined;
  /** Of an encrypted `key`. */
  readonly passphrase?: string | undefined;
  /** The name that a server's certificate must have. Default: the host that is called. */
  readonly servername?: string | undefined;
}

/** The certificates of a client as Node takes them, without those that are not given. */
export function toSecureContextOptions(tls: ClientTlsOptions): SecureContextOptions {
  return {
    ...(tls.ca !== undefined && { ca: [tls.ca].flat() }),
    ...(tls.cert !== undefined && { cert: tls.cert }),
    ...(tls.key !== undefined && { key: tls.key }),
    ...(tls.passphrase !== undefined && { passphrase: tls.passphrase }),
  };
}
