/**
 * Tells an iterator that nobody reads it any more, so that it lets go of what it holds. Never throws:
 * whoever would hear of it has left.
 */
export async function stopIterator(iterator: AsyncIterator<unknown> | undefined): Promise<void> {
  try {
    await iterator?.return?.();
  } catch {
    // see above
  }
}
