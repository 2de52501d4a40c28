/** One entry of an `Accept` or `Accept-Encoding` header. */
export interface Preference {
  /** In lower case, without parameters; may be a range with `*`. */
  readonly name: string;
  /** From 0, not wanted, to 1. */
  readonly quality: number;
}

/** Nobody asks for more, and each costs time. */
const maxPreferences = 64;

/** Reads a list of preferences in their order. What makes no sense is left out. */
export function parsePreferences(header: string): readonly Preference[] {
  const preferences: Preference[] = [];
  // Commas in quotes are part of a parameter.
  for (const [entry] of header.matchAll(/(?:[^,"]|"(?:[^"\\]|\\.)*"?)+/g)) {
    if (preferences.length === maxPreferences) break;
    const end = entry.indexOf(";");
    const name = (end < 0 ? entry : entry.slice(0, end)).trim().toLowerCase();
    const quality = end < 0 ? 1 : parseQuality(entry.slice(end));
    if (name !== "" && quality !== undefined) preferences.push({ name, quality });
  }
  return preferences;
}

function parseQuality(parameters: string): number | undefined {
  const text = /;\s*q\s*=\s*([^;\s]*)/i.exec(parameters)?.[1];
  if (text === undefined) return 1;
  return /^(?:\d+\.?\d*|\.\d+)$/.test(text) ? Math.min(1, Number(text)) : undefined;
}

/**
 * The offer that a client likes best: the one with the highest quality, and of several such the one that the
 * client names first, or, for `ties` by the server, the first offer. `specificity` says how exactly a range
 * names an offer, and the most exact range decides on its quality; -1: not at all. Undefined when the client
 * wants none of them.
 */
export function chooseOffer<T>(
  preferences: readonly Preference[],
  offers: readonly T[],
  specificity: (range: string, offer: T) => number,
  ties: "client" | "server",
): T | undefined {
  let best: T | undefined;
  let bestQuality = 0;
  let bestPosition = 0;
  for (const offer of offers) {
    let exactness = -1;
    let quality = 0;
    let position = 0;
    for (const [index, preference] of preferences.entries()) {
      const found = specificity(preference.name, offer);
      if (found <= exactness) continue;
      exactness = found;
      quality = preference.quality;
      position = index;
    }
    const isFirst = ties === "client" && best !== undefined && position < bestPosition;
    if (quality > bestQuality || (quality === bestQuality && isFirst)) {
      best = offer;
      bestQuality = quality;
      bestPosition = position;
    }
  }
  return best;
}
