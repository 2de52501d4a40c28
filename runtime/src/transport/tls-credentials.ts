import { createPrivateKey, X509Certificate } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import { createSecureContext, type SecureContextOptions } from "node:tls";
import { textOf } from "../errors/text-of.ts";
import type { CompleteTlsOptions, PemSource } from "./tls-options.ts";

/** A certificate and key that belong together, as `tls.Server` takes them. */
export interface TlsCredentials {
  readonly context: SecureContextOptions;
  /** For people: whose certificate it is, and until when it is valid. */
  readonly description: { readonly subject: string; readonly validTo: string };
}

/** A certificate or key cannot be read or used. */
export class TlsCredentialsError extends Error {
  override readonly name = "TlsCredentialsError";
}

/** Reads certificate, key and authorities. Rejects with a {@link TlsCredentialsError} that names the file. */
export async function loadTlsCredentials(options: CompleteTlsOptions): Promise<TlsCredentials> {
  const [cert, key, ca] = await Promise.all([
    readPem("certificate", options.cert),
    readPem("private key", options.key),
    options.ca === undefined ? undefined : readPem("authorities", options.ca),
  ]);
  const context: SecureContextOptions = {
    cert,
    key,
    minVersion: options.minVersion,
    ...(ca !== undefined && { ca }),
  };
  const names = [options.cert, options.key, ...(options.ca === undefined ? [] : [options.ca])];
  try {
    const certificate = new X509Certificate(cert);
    // OpenSSL takes a pair of two algorithms for the halves of two pairs, and then fails every hand-shake.
    if (!certificate.checkPrivateKey(createPrivateKey(key))) {
      throw new Error("the private key belongs to another certificate");
    }
    createSecureContext(context);
    const { subject, validTo } = certificate;
    return { context, description: { subject: subject.replaceAll("\n", ", "), validTo } };
  } catch (cause) {
    const where = [...new Set(names.map(describeSource))].join(", ");
    const reason = textOf(cause);
    const message = `the certificate and key of ${where} cannot be used: ${reason}`;
    throw new TlsCredentialsError(message, { cause });
  }
}

/** Who learns of changes. */
export interface TlsCredentialsReceiver {
  onCredentials(credentials: TlsCredentials): void;
  /** The files have changed, and what they hold cannot be used. */
  onCredentialsError(error: unknown): void;
}

/**
 * Looks at the files of certificate and key in regular turns. By what they hold when a path is followed, not
 * by events of the file system: those tell nothing of the symbolic links that Kubernetes swaps, of files
 * that an editor renames, and of network file systems.
 */
export class TlsCredentialsWatch {
  readonly #options: CompleteTlsOptions;
  readonly #paths: readonly string[];
  readonly #receiver: TlsCredentialsReceiver;
  #loaded: string;
  /** What was seen at the last look, while it differs from what is loaded. */
  #changing: string | undefined;
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;

  private constructor(
    options: CompleteTlsOptions,
    loaded: string,
    receiver: TlsCredentialsReceiver,
  ) {
    this.#options = options;
    this.#paths = filePaths(options);
    this.#loaded = loaded;
    this.#receiver = receiver;
  }

  /** Loads the credentials, hands them to `receiver`, and does so again after each change. */
  static async start(
    options: CompleteTlsOptions,
    receiver: TlsCredentialsReceiver,
  ): Promise<TlsCredentialsWatch> {
    // What changes between this look and the reading is then seen as a change.
    const signature = await sign(filePaths(options));
    receiver.onCredentials(await loadTlsCredentials(options));
    const watch = new TlsCredentialsWatch(options, signature, receiver);
    watch.#schedule();
    return watch;
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  #schedule(): void {
    const { reload } = this.#options;
    if (this.#stopped || reload === 0 || this.#paths.length === 0) return;
    this.#timer = setTimeout(() => void this.#look(), reload).unref();
  }

  async #look(): Promise<void> {
    const signature = await sign(this.#paths);
    if (signature === this.#loaded) {
      this.#changing = undefined;
    } else if (signature !== this.#changing) {
      this.#changing = signature; // perhaps half of a pair
    } else {
      this.#loaded = signature;
      await this.#reload();
    }
    this.#schedule();
  }

  async #reload(): Promise<void> {
    try {
      const credentials = await loadTlsCredentials(this.#options);
      if (!this.#stopped) this.#receiver.onCredentials(credentials);
    } catch (error) {
      if (!this.#stopped) this.#receiver.onCredentialsError(error);
    }
  }
}

function filePaths({ cert, key, ca }: CompleteTlsOptions): readonly string[] {
  return [cert, key, ca].flatMap((source) => (source?.kind === "file" ? [source.path] : []));
}

/** Text that differs when a file does. */
async function sign(paths: readonly string[]): Promise<string> {
  const signatures = paths.map(async (path) => {
    try {
      const { ino, size, mtimeMs, ctimeMs } = await stat(path);
      return `${ino}:${size}:${mtimeMs}:${ctimeMs}`;
    } catch {
      return "absent"; // for a moment, or it is told of when it is loaded
    }
  });
  return (await Promise.all(signatures)).join(" ");
}

async function readPem(what: string, source: PemSource): Promise<string> {
  if (source.kind === "text") return source.text;
  try {
    return await readFile(source.path, "utf8");
  } catch (cause) {
    const reason = textOf(cause);
    const message = `cannot read the ${what} from "${source.path}": ${reason}`;
    throw new TlsCredentialsError(message, { cause });
  }
}

function describeSource(source: PemSource): string {
  return source.kind === "file" ? `"${source.path}"` : "the configuration";
}
