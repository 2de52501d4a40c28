/** Numbers that look random and are the same in each run. */
export interface Random {
  /** A whole number from 0 to below `limit`. */
  below(limit: number): number;
  pick<T>(items: readonly T[]): T;
  /** Printable ASCII without spaces at the ends, with now and then a byte above. */
  text(length: number): string;
}

export function createRandom(seed: number): Random {
  let state = seed >>> 0 || 1;
  const next = (): number => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
  for (let i = 0; i < 8; i++) next();
  const below = (limit: number): number => next() % limit;
  const char = (): number => (below(40) === 0 ? 0xa1 + below(90) : 0x21 + below(94));
  return {
    below,
    pick: (items) => items[below(items.length)]!,
    text: (length) => String.fromCharCode(...Array.from({ length }, char)),
  };
}
