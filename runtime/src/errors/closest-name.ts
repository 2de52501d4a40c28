/** The name that was probably meant by `name`; `undefined` when none is near enough. */
export function closestName(name: string, known: readonly string[]): string | undefined {
  const wanted = foldName(name);
  const limit = Math.max(1, Math.floor(wanted.length / 3));
  let best: { readonly name: string; readonly distance: number } | undefined;
  for (const candidate of known) {
    const distance = editDistance(wanted, foldName(candidate));
    if (distance <= limit && distance < (best?.distance ?? Infinity)) {
      best = { name: candidate, distance };
    }
  }
  return best?.name;
}

/** A name without case, underscores and hyphens, so that spellings of one name are equal. */
export function foldName(name: string): string {
  return name.replaceAll(/[_-]/g, "").toLowerCase();
}

/** How many insertions, deletions, replacements and swaps of neighbours lead from `a` to `b`. */
function editDistance(a: string, b: string): number {
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, column) => column)];
  const at = (row: number, column: number): number => rows[row]?.[column] ?? Infinity;
  for (let i = 1; i <= a.length; i++) {
    rows[i] = [i];
    for (let j = 1; j <= b.length; j++) {
      const isSwap = a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      const distance = Math.min(
        at(i - 1, j) + 1,
        at(i, j - 1) + 1,
        at(i - 1, j - 1) + (a[i - 1] === b[j - 1] ? 0 : 1),
        isSwap ? at(i - 2, j - 2) + 1 : Infinity,
      );
      rows[i]?.push(distance);
    }
  }
  return at(a.length, b.length);
}
