/**
 * How a server speaks TLS. A certificate and its key are given as PEM text, or as paths of PEM files, which
 * are then watched: a renewed pair is used for new connections without a restart.
 */
export interface TlsOptions {
  /** The certificate, with those of its intermediates behind it: PEM text. */
  readonly cert?: string | undefined;
  /** The path of a file in place of `cert`. */
  readonly certFile?: string | undefined;
  /** The private key: PEM text. */
  readonly key?: string | undefined;
  /** The path of a file in place of `key`. */
  readonly keyFile?: string | undefined;
  /** The authorities whose client certificates are accepted: PEM text. */
  readonly ca?: string | undefined;
  /** The path of a file in place of `ca`. */
  readonly caFile?: string | undefined;
  /**
   * Whether clients must show a certificate of one of the authorities (mutual TLS). Default: whether
   * authorities are given.
   */
  readonly requestClientCert?: boolean | undefined;
  /** The oldest version that is spoken. Default: `TLSv1.2`. */
  readonly minVersion?: "TLSv1.2" | "TLSv1.3" | undefined;
  /**
   * Milliseconds between looks at the files; a change counts once it stays the same from one look to the
   * next. False or 0: never. Default: 10 000.
   */
  readonly reload?: number | false | undefined;
}

/** Where the text of a certificate or key comes from. */
export type PemSource =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "file"; readonly path: string };

/** {@link TlsOptions} with nothing left open. */
export interface CompleteTlsOptions {
  readonly cert: PemSource;
  readonly key: PemSource;
  readonly ca: PemSource | undefined;
  readonly requestClientCert: boolean;
  readonly minVersion: "TLSv1.2" | "TLSv1.3";
  /** In milliseconds; 0: never. */
  readonly reload: number;
}

/** Fills what is not given with the defaults. Throws a `TypeError` that names all options that do not fit. */
export function completeTlsOptions(options: TlsOptions): CompleteTlsOptions {
  const problems: string[] = [];
  const cert = findSource("cert", options.cert, options.certFile, problems);
  const key = findSource("key", options.key, options.keyFile, problems);
  const ca = findSource("ca", options.ca, options.caFile, problems);
  if (cert === undefined) problems.push('give the certificate as "cert" or "certFile"');
  if (key === undefined) problems.push('give the private key as "key" or "keyFile"');
  const { requestClientCert = ca !== undefined, minVersion = "TLSv1.2", reload } = options;
  if (requestClientCert && ca === undefined) {
    problems.push(
      'give the authorities of client certificates as "ca" or "caFile" with "requestClientCert"',
    );
  }
  if (minVersion !== "TLSv1.2" && minVersion !== "TLSv1.3") {
    problems.push(`"minVersion" must be "TLSv1.2" or "TLSv1.3", not ${JSON.stringify(minVersion)}`);
  }
  if (problems.length > 0 || cert === undefined || key === undefined) {
    throw new TypeError(`the options of TLS do not fit: ${problems.join("; ")}`);
  }
  return {
    cert,
    key,
    ca,
    requestClientCert,
    minVersion,
    reload: reload === false ? 0 : Math.max(0, reload ?? 10_000),
  };
}

function findSource(
  name: string,
  text: string | undefined,
  path: string | undefined,
  problems: string[],
): PemSource | undefined {
  // Configuration writes what is left out as empty text.
  const given = text !== undefined && text !== "";
  if (path !== undefined && path !== "") {
    if (given) problems.push(`give either "${name}" or "${name}File", not both`);
    return { kind: "file", path };
  }
  if (!given) return undefined;
  if (!text.includes("-----BEGIN ")) {
    problems.push(`"${name}" must be PEM text, give a path as "${name}File"`);
  }
  return { kind: "text", text };
}
