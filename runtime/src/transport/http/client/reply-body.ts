import { KratosError } from "../../../errors/kratos-error.ts";

const empty = new Uint8Array();

/**
 * Reads a reply's body of at most `limit` bytes, unpacked. Rejects with 500 `CODEC` for a longer one, with
 * `signal`'s reason when that aborts, and with what `fetch` says of a body that ends too early.
 */
export async function readReplyBody(
  response: Response,
  limit: number,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const reader = response.body?.getReader();
  if (reader === undefined) return empty;
  // Node's fetch can leave a read of a compressed body pending for ever after an abort.
  let onAbort: () => void = () => undefined;
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => reject(signal.reason as Error);
    if (signal.aborted) onAbort();
    else signal.addEventListener("abort", onAbort, { once: true });
  });
  try {
    return await Promise.race([readAll(reader, limit), aborted]);
  } catch (error) {
    reader.cancel(error).catch(() => undefined);
    throw error;
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

async function readAll(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  limit: number,
): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for (;;) {
    const { done, value } = await reader.read(); // oxlint-disable-line no-await-in-loop -- one chunk after the other
    if (done) return chunks.length === 1 ? chunks[0]! : concat(chunks, size);
    size += value.length;
    if (size > limit) {
      throw new KratosError(500, "CODEC", `the reply is larger than the limit of ${limit} bytes`);
    }
    chunks.push(value);
  }
}

function concat(chunks: readonly Uint8Array[], size: number): Uint8Array {
  const bytes = new Uint8Array(size);
  let position = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, position);
    position += chunk.length;
  }
  return bytes;
}
