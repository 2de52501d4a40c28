import type { SecureContextOptions } from "node:tls";
import type { ClientTlsOptions } from "./client-options.ts";

/** The options of a client as Node takes them, without those that are not given. */
export function toTlsSettings(
  tls: ClientTlsOptions,
): SecureContextOptions & { servername?: string } {
  return {
    ...(tls.ca !== undefined && { ca: [tls.ca].flat() }),
    ...(tls.cert !== undefined && { cert: tls.cert }),
    ...(tls.key !== undefined && { key: tls.key }),
    ...(tls.passphrase !== undefined && { passphrase: tls.passphrase }),
    ...(tls.servername !== undefined && { servername: tls.servername }),
  };
}
