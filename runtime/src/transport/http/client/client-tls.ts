import type { SecureContextOptions } from "node:tls";
import { type ClientTlsOptions, toSecureContextOptions } from "../../client-tls.ts";

/** The options of a client as Node takes them, without those that are not given. */
export function toTlsSettings(
  tls: ClientTlsOptions,
): SecureContextOptions & { servername?: string } {
  return {
    ...toSecureContextOptions(tls),
    ...(tls.servername !== undefined && { servername: tls.servername }),
  };
}
